import type { Command, Option } from 'commander'

export const completionShells = ['bash', 'zsh', 'fish'] as const
export type CompletionShell = (typeof completionShells)[number]

/** What makes a shell complete the command line: commands, their flags, and the words that stand for a choice. */
export function completionScript(program: Command, shell: CompletionShell): string {
  return { bash, zsh, fish }[shell](program)
}

function bash(program: Command): string {
  const all = program.commands.flatMap(flagsOf)
  const choices = new Map(all.flatMap(({ long, argChoices }) => (argChoices ? [[long, argChoices.join(' ')]] : [])))
  const plain = new Set(all.filter(({ required }) => !required).flatMap(namesOf))
  const valued = new Set(all.filter(({ required, argChoices }) => required && !argChoices).flatMap(namesOf))
  return `# clonedeploy completion bash: eval "$(clonedeploy completion bash)" in ~/.bashrc
_clonedeploy() {
  local word=\${COMP_WORDS[COMP_CWORD]} command= words= one
  for one in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do case $one in -*) ;; *) command=$one; break ;; esac; done
  case \${COMP_WORDS[COMP_CWORD-1]} in
${[...choices].map(([long, words]) => `    ${long}) words='${words}' ;;`).join('\n')}
    ${[...valued].filter(name => !plain.has(name)).join('|')}) return ;;
  esac
  [ -n "$words" ] || case $command in
    '') words='${program.commands.map(one => one.name()).join(' ')}' ;;
${program.commands.map(one => `    ${one.name()}) words='${[...wordsOf(one), ...flagsOf(one).flatMap(namesOf)].join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _clonedeploy clonedeploy
`
}

function zsh(program: Command): string {
  const flags = (one: Command) => flagsOf(one).flatMap(flag => namesOf(flag).map(name => described(name, flag)))
  return `#compdef clonedeploy
# clonedeploy completion zsh: eval "$(clonedeploy completion zsh)" in ~/.zshrc, after compinit
_clonedeploy() {
  local -a list
  if (( CURRENT == 2 )); then
    list=(${program.commands.map(one => described(one.name(), { description: one.description() })).join(' ')})
    _describe command list
    return
  fi
  case $words[2] in
${program.commands.map(one => `    ${one.name()}) list=(${[...wordsOf(one).map(quoted), ...flags(one)].join(' ')}) ;;`).join('\n')}
  esac
  _describe -o flag list || _files
}
compdef _clonedeploy clonedeploy
`
}

function fish(program: Command): string {
  const commands = program.commands.map(
    one => `complete -c clonedeploy -n __fish_use_subcommand -f -a ${one.name()} -d ${quoted(one.description())}`,
  )
  const flags = program.commands.flatMap(one => {
    const when = `complete -c clonedeploy -n '__fish_seen_subcommand_from ${one.name()}'`
    const words = wordsOf(one).map(word => `${when} -f -a ${word}`)
    return [...words, ...flagsOf(one).map(flag => `${when} ${fishFlag(flag)} -d ${quoted(flag.description)}`)]
  })
  return `# clonedeploy completion fish >~/.config/fish/completions/clonedeploy.fish\n${[...commands, ...flags].join('\n')}\n`
}

function fishFlag({ long, short, argChoices, required }: Option): string {
  const name = `-l ${long?.slice(2)}${short === undefined ? '' : ` -s ${short.slice(1)}`}`
  if (argChoices !== undefined) return `${name} -x -a ${quoted(argChoices.join(' '))}`
  return required ? `${name} -r` : name
}

function flagsOf(command: Command): readonly Option[] {
  return command.options.filter(({ hidden }) => !hidden)
}

function namesOf({ long, short }: Option): readonly string[] {
  return [long, short].filter(name => name !== undefined)
}

/** The words that may follow it, where there are only a few. */
function wordsOf(command: Command): readonly string[] {
  return command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices)
}

function described(name: string, { description }: { readonly description: string }): string {
  return quoted(`${name}:${description}`)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

import type { Command, Option } from 'commander'
import { createProgram } from '../../../src/cli/program.js'

const program = createProgram('0', () => {})

/** Flags that nearly every command has: said once. */
const common = program.commands.find(command => command.name() === 'config')?.options ?? []

/** The reference of the command line: the common flags, then a section for each command. */
export function cliReference(): string {
  return [commonSection(), ...program.commands.map(commandSection)].join('\n')
}

function commonSection(): string {
  const without = program.commands.filter(command => !hasCommon(command)).map(command => `\`${command.name()}\``)
  return `## Flags of every command

All commands but ${without.join(' and ')} have these. Every command has \`--help\`, \`-h\`; \`clonedeploy --version\`, \`-V\` prints the version.

${flagTable(common)}
`
}

function commandSection(command: Command): string {
  const own = command.options.filter(
    option => !option.hidden && (!hasCommon(command) || !common.some(other => other.long === option.long)),
  )
  return `## ${command.name()}

${sentence(command.description())}

\`\`\`text
clonedeploy ${command.name()}${argumentsOf(command)} [flags]
\`\`\`
${own.length === 0 ? '' : `\n${flagTable(own)}\n`}`
}

function hasCommon(command: Command): boolean {
  return command.options.some(option => option.long === '--config')
}

function argumentsOf(command: Command): string {
  return command.registeredArguments
    .map(one => {
      const name = `${one.argChoices?.join('|') ?? one.name()}${one.variadic ? '...' : ''}`
      return one.required ? ` <${name}>` : ` [${name}]`
    })
    .join('')
}

function flagTable(options: readonly Option[]): string {
  return `| flag | means |
| --- | --- |
${options.map(flagRow).join('\n')}`
}

function flagRow(option: Option): string {
  const value = /[<[].*$/
    .exec(option.flags)?.[0]
    .toUpperCase()
    .replaceAll(/[<>[\]]/g, '')
  const [long, short] = [option.long, option.short].map(name => (name == null ? null : `\`${name}\``))
  const named = value === undefined ? long : `\`${option.long} ${value}\``
  const choices = option.argChoices === undefined ? '' : `: \`${option.argChoices.join('`, `')}\``
  return `| ${[named, short].filter(Boolean).join(', ')} | ${option.description}${choices} |`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

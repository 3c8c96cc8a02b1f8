/** What a command line said of where it acts: a command that is proposed to its reader needs the same to act there. */
interface Typed {
  /** `--config`, as it was typed; null: none was. */
  readonly config: string | null
  readonly stage: string | null
  /** What starts the program: `clonedeploy`, or `npx clonedeploy` where the project has it. */
  readonly program: string
}

/** What to type to start the program again, which was started as this file. */
export function programOf(file: string, userAgent = ''): string {
  if (!file.includes('/node_modules/')) return name
  const manager = /^(pnpm|yarn|bun)\//.exec(userAgent)?.[1]
  if (manager !== undefined) return `${starters[manager as keyof typeof starters]} ${name}`
  return file.includes('/node_modules/.bin/') ? `npx ${name}` : name
}

const name = 'clonedeploy'
const starters = { pnpm: 'pnpm exec', yarn: 'yarn', bun: 'bunx' }

/** Makes the commands in a text complete: messages say `clonedeploy repair`, and it becomes what has to be typed. */
export type Propose = (text: string) => string

/** Commands that take the stage as a word of its own, and those that take it as a flag: their words are something else. */
const byWord =
  'deploy|promote|rollback|restart|repair|join|status|releases|audit|check|config|prune|lock|unlock|boot-resolver|image'.split(
    '|',
  )
const byFlag = 'run|logs|trust|maintenance|report'.split('|')
const commands = [...byWord, ...byFlag, 'init', 'demo', 'completion', 'help'].join('|')
const started = new RegExp(
  `(?<![\\w./-])(?<!\\b(?:npx|exec|yarn|bunx) )clonedeploy (?=--help|(?:${commands})(?![\\w-]))`,
  'g',
)

/** `line`: the command line itself, which is complete in whatever order its words stand. */
export function proposer(typed: Typed, line: string | null = null): Propose {
  const complete = completer(typed, line)
  const { program } = typed
  return program === name ? complete : text => complete(text).replace(started, `${program} `)
}

function completer({ config, stage }: Typed, line: string | null): Propose {
  const file = config === null ? '' : ` -c ${shellWord(config)}`
  const named = stage === null ? '' : ` ${shellWord(stage)}`
  if (file === '' && named === '') return text => text
  const there = [file, named, named === '' ? '' : ` --stage${named}`].filter(words => words !== '').map(escaped)
  const command = new RegExp(
    `(?<![\\w./-])clonedeploy (${[...byWord, ...byFlag].join('|')})(?![\\w-])(?:${there.join('|')})*(?![\\w.-])`,
    'g',
  )
  const completed: Propose = text =>
    text.replace(command, (_, name: string) => {
      const flag = byFlag.includes(name) && named !== '' ? ' --stage' : ''
      return `clonedeploy ${name}${flag}${named}${file}`
    })
  return line === null ? completed : text => text.split(line).map(completed).join(line)
}

/** A command line again, with something more: `clonedeploy deploy staging --lock-wait 10m`. */
export function again(argv: readonly string[], more: string): string {
  const end = argv.indexOf('--')
  return end < 0
    ? `${lineOf(argv)} ${more}`
    : `${lineOf(argv.slice(0, end))} ${more} ${argv.slice(end).map(shellWord).join(' ')}`
}

/** A command line as it is typed. */
export function lineOf(argv: readonly string[]): string {
  return ['clonedeploy', ...argv.map(shellWord)].join(' ')
}

/** A word as it is typed into a shell. */
function shellWord(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

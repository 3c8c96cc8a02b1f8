import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { completionShells } from './completion.js'

/** A command line, understood: which command, its flags, and what stood behind them. */
export interface Asked {
  readonly command: string
  readonly flags: Readonly<Record<string, unknown>>
  readonly words: readonly string[]
}

/** The command line's grammar. `tell` gets what was asked; nothing is done here. */
export function createProgram(version: string, tell: (asked: Asked) => void): Command {
  const program = new Command('clonedeploy')
  // Before any subcommand: they copy it, and a usage error must not exit with 1.
  program.exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} })
  program
    .usage('<command> [options]')
    .description('Deploy one release to every host, swap them together, and put all of them back if one fails.')
    .version(version, '-V, --version')
    .helpOption('-h, --help')
    .helpCommand(false)
    .addHelpText('after', examples)
  const add = (name: string, summary: string) => program.command(name).description(summary)
  const ask = (command: Command, words = false) => {
    const name = command.name()
    command.action((...given: readonly unknown[]) => {
      const [first] = given
      const positional = words || typeof first !== 'string' ? {} : { stage: first }
      tell({
        command: name,
        flags: { ...command.optsWithGlobals(), ...positional },
        words: words ? (first as string[]) : [],
      })
    })
  }
  const onStage = (command: Command) => common(command.argument('[stage]', 'the stage, when there are several'))

  ask(
    setUp(common(add('init', 'write deploy.config.ts: asks on a terminal, else takes flags; checks SSH to each host'))),
  )
  ask(
    transaction(onStage(add('deploy', 'build, push, prepare, swap, restart, verify; all or nothing')))
      .option('--ref <rev>', 'deploy this revision')
      .option('--offline', 'with --dry-run: configuration and pack only, no host is contacted')
      .option('--build', 'with --dry-run: run the build commands'),
  )
  ask(
    transaction(onStage(add('rollback', 'the whole fleet back to the newest good release that every host has'))).option(
      '--to <id>',
      'roll back to this release',
    ),
  )
  ask(
    transaction(onStage(add('repair', 'ends what a dead run left, and brings every host to the fleet’s release')))
      .option(
        '--give-up <hosts>',
        'go on without these hosts, which cannot be reached and are out of service',
        list,
        [] as string[],
      )
      .option('--fenced', 'with --give-up: you say that no user reaches them'),
  )
  ask(
    change(onStage(add('join', 'gives a new host the fleet’s release, and the earlier ones to roll back to'))).option(
      '--host <hosts>',
      'the hosts that are to join',
      list,
      [] as string[],
    ),
  )
  ask(
    selection(onStage(add('status', 'what each host holds and serves, drift, lock, unfinished transaction'))).option(
      '--verify',
      'read every file of every release that is served',
    ),
  )
  ask(selection(onStage(add('releases', 'releases × hosts: when, who, revision, good or bad'))))
  ask(selection(onStage(add('check', 'connect to every host and report what would stop a deploy'))))
  const trust = common(
    add('trust', 'show the key of a host, and remember it when you say that it is right')
      .argument('<host>', 'a host of the inventory, an ssh alias, or user@host:port')
      .argument('[stage]', 'the stage, when there are several')
      .option('--fingerprint <sha256>', 'its fingerprint, learnt another way: asks nothing when it is the same'),
  )
  trust.action((host: string, stage: string | undefined) => {
    const positional = stage === undefined ? {} : { stage }
    tell({ command: 'trust', flags: { ...trust.optsWithGlobals(), ...positional }, words: [host] })
  })
  const maintenance = common(
    add('maintenance', 'a flag file on all hosts, and the balancer’s own page where it has one')
      .argument('<on|off>')
      .argument('[stage]', 'the stage, when there are several')
      .option('-m, --message <why>', 'why; status shows it'),
  )
  maintenance.action((word: string, stage: string | undefined) => {
    const positional = stage === undefined ? {} : { stage }
    tell({ command: 'maintenance', flags: { ...maintenance.optsWithGlobals(), ...positional }, words: [word] })
  })
  ask(onStage(add('config', 'show what the configuration comes to')))
  ask(
    selection(onStage(add('prune', 'remove old releases')))
      .option('--keep <n>', 'how many to keep', count)
      .option('-n, --dry-run', 'only say what would go'),
  )
  ask(onStage(add('lock', 'keep everybody from deploying')).option('-m, --message <why>', 'why'))
  ask(
    onStage(add('unlock', 'give back a lock that was seen')).option('--tx <id>', 'its id, as status and lock show it'),
  )
  ask(onStage(add('boot-resolver', 'print a script for the hosts: puts back what a reboot in mid-deploy left')))
  ask(
    selection(
      common(add('run', 'run a command on hosts').argument('[command...]').option('--stage <name>', 'the stage')),
    ),
    true,
  )
  ask(
    selection(common(add('logs', 'the last lines of the app’s log').argument('[host...]', 'these hosts')))
      .option('--release <id>', 'of this release, where each has a log of its own')
      .option('-n, --lines <n>', 'how many lines of each host (50)', count),
    true,
  )
  const completion = add('completion', 'print what makes a shell complete the command line').addArgument(
    new Argument('<shell>').choices(completionShells),
  )
  completion.action((shell: string) => tell({ command: 'completion', flags: {}, words: [shell] }))
  ask(
    add('demo', 'deploy an example to three SSH hosts inside this process').option(
      '--keep',
      'leave the folder and the apps as they are',
    ),
  )
  return program
}

function common(command: Command): Command {
  if (!command.options.some(option => option.long === '--stage')) command.option('--stage <name>', 'the stage')
  return command
    .option('-c, --config <file>', 'the configuration file')
    .option('-y, --yes', 'yes to what would be asked')
    .option('--no-input', 'ask nothing')
    .option('--json', 'one JSON object on stdout')
    .addOption(
      new Option('--output <kind>', 'how progress is shown').choices(['auto', 'tty', 'plain', 'jsonl', 'github']),
    )
    .option('--no-color', 'no colour')
    .option('-v, --verbose', 'each script and its time')
    .option('-q, --quiet', 'warnings and the result only')
    .option('--concurrency <n>', 'hosts at a time', count)
    .option('--timeout <duration>', 'stop when this much time is over: 10m', duration)
}

function setUp(command: Command): Command {
  return command
    .option('--app <name>', 'name of the app')
    .option('--host <host>', 'an ssh alias, or user@host:port; once for each', list)
    .option('--path <folder>', 'the folder on the hosts')
    .option('--build <command>', 'builds the release, on this machine; once for each', collected)
    .option('--include <paths>', 'what of it makes the release', list)
    .option('--restart <command>', 'makes the app serve the release')
    .option('--health <url>', 'asked on each host afterwards')
    .addOption(new Option('--ci <kind>', 'write a workflow, too').choices(['github', 'none']))
    .option('--ssh-config <file>', 'the ssh configuration that names the hosts')
    .option('--no-check', 'contact no host')
    .option('--force', 'overwrite what is there')
    .option('--boot-resolver', 'do what boot-resolver does, and nothing else')
}

function transaction(command: Command): Command {
  return change(command)
    .option(
      '--exclude <hosts>',
      'leave these hosts out; they are recorded and shown until they rejoin',
      list,
      [] as string[],
    )
    .option('--reason <why>', 'why they are left out')
    .option('--force', 'go on although nothing has changed')
}

/** What every transaction knows. */
function change(command: Command): Command {
  return command
    .option('-n, --dry-run', 'show what would happen; hosts are only read')
    .option('--detailed-exitcode', 'with --dry-run: exit 10 when something would change')
    .option('--no-rollback', 'leave the new release in place when it fails after the swap')
    .option('--lock-wait <duration>', 'wait this long for the lock: 10m', duration)
    .option('-m, --message <text>', 'shown with the lock and in the history')
}

function selection(command: Command): Command {
  return command
    .option('--only <hosts>', 'these hosts', list, [] as string[])
    .option('--except <hosts>', 'all but these hosts', list, [] as string[])
    .option('--role <roles>', 'hosts with one of these roles', list, [] as string[])
}

function collected(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

function list(value: string, before: readonly string[] = []): string[] {
  return [
    ...before,
    ...value
      .split(',')
      .map(one => one.trim())
      .filter(one => one !== ''),
  ]
}

function count(value: string): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number from 1.')
  return number
}

/** `10m`, `1h30m`, `45s`; a bare number means seconds. Milliseconds. */
function duration(value: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  if (/^\d+$/.test(value)) return Number(value) * 1000
  if (!/^(\d+(ms|s|m|h))+$/.test(value)) throw new InvalidArgumentError('Write it like 30s, 10m or 1h30m.')
  return [...value.matchAll(/(\d+)(ms|s|m|h)/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * (units[unit ?? ''] ?? 0),
    0,
  )
}

const examples = `
  $ clonedeploy demo                    see it work, without a server
  $ clonedeploy init                    write deploy.config.ts
  $ clonedeploy deploy --dry-run        show what would happen
  $ clonedeploy deploy production       do it
  $ clonedeploy rollback                undo it
  $ clonedeploy status                  see what every host serves
`

import { Argument, Command, Help, InvalidArgumentError, Option } from 'commander'
import type { Asked } from '../commands/invocation/dispatch.js'
import { parseDuration } from '../text/duration.js'
import { didYouMean } from '../text/suggest.js'
import { completionShells } from './completion.js'

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
    .configureHelp({
      visibleOptions: ownFirst,
      groupItems: (_, items, groupOf) => new Help().groupItems([...items], items, groupOf),
    })
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
  /** Hosts, and the stage among them: what each word is, the configuration tells. */
  const askHosts = (command: Command) => {
    const name = command.name()
    command.action((...given: readonly unknown[]) => {
      const words = given
        .slice(0, -2)
        .flat()
        .filter(word => word !== undefined)
      tell({ command: name, flags: { ...command.optsWithGlobals(), words }, words: [] })
    })
  }
  const onHosts = (command: Command) =>
    onStage(command).argument('[host...]', 'these hosts, with blanks or commas between them')

  ask(
    setUp(
      common(
        add('init', 'write deploy.config.ts, .deployignore and a CI workflow: asks on a terminal, else takes flags'),
      ),
    ),
  )
  ask(
    transaction(
      onStage(add('deploy', 'build, push, prepare, swap, restart, verify; all or nothing')),
      `${goOn}; build again`,
    )
      .option('--ref <rev>', 'deploy this branch, tag or commit')
      .option(
        '--trust-generation <n>',
        'believe this generation of the store, whoever signed it, and sign what follows',
        count,
      )
      .option('--skip-bake', skipBake)
      .option('--offline', 'with --dry-run: only read the configuration and pack; contact no host')
      .option('--build', 'with --dry-run: run the build commands')
      .option('--no-cache', 'build again, and without what is kept of dependencies'),
  )
  ask(
    transaction(
      onStage(
        add('promote', 'give a stage the very files that another has confirmed on all of its hosts; builds nothing'),
      ),
    )
      .option('--from <stage>', 'the stage that has confirmed it')
      .option('--release <id>', 'this release of it; else the one that it serves')
      .option('--skip-bake', skipBake),
  )
  ask(
    transaction(onStage(add('rollback', 'take the whole fleet back to the newest good release that every host has')))
      .option('--to <id>', 'roll back to this release')
      .option(
        '--accept-drift',
        'take the release as it is where what it has lost is found nowhere; what differs is named',
      )
      .option('--no-store', noStore),
  )
  askHosts(
    selection(
      underLock(
        dryable(onHosts(add('restart', 'restart the app as rollout says, and ask for its health; swaps nothing'))),
      ),
    ),
  )
  ask(
    trusting(
      change(
        onStage(add('repair', 'end what a dead run left, and bring every host to the fleet’s release; safe to repeat')),
      ),
    )
      // Refused, with what to type instead.
      .addOption(new Option('--exclude <hosts>').argParser(list).hideHelp())
      .addOption(new Option('--reason <why>').hideHelp())
      .option(
        '--give-up <hosts>',
        'go on without these hosts, which cannot be reached and are out of service; recorded until they rejoin',
        list,
      )
      .option('--fenced', 'with --give-up: confirm that no user reaches them'),
  )
  askHosts(
    trusting(
      change(
        onHosts(
          add('join', 'give new hosts the fleet’s release, and the earlier ones to roll back to; builds nothing'),
        ),
      ),
    )
      .option('--host <hosts>', 'the hosts that are to join, by their names; without any, all that are new', list)
      .option('--no-store', noStore),
  )
  askHosts(
    selection(onHosts(add('status', 'show what each host holds and serves, drift, lock, unfinished transaction')))
      .option('--verify', 'read every file of the releases that are served, and compare')
      .option('--all', 'with --verify: also of the releases that a rollback could go to'),
  )
  askHosts(selection(onHosts(add('releases', 'show releases × hosts: when, who, revision, good or bad'))))
  askHosts(
    selection(
      onHosts(add('audit', 'look for data of users that hosts keep for themselves; exits with 7 where it finds some')),
    ),
  )
  askHosts(selection(onHosts(add('check', 'connect to every host and report what would stop a deploy'))))
  askHosts(
    common(
      add('trust', 'show the keys of hosts, ask, and add them to known_hosts')
        .argument('<host...>', 'hosts of the inventory, ssh aliases, or user@host:port; a stage may stand among them')
        .option('--fingerprint <sha256>', 'what the key must be, as the server itself says: then nothing is asked'),
    ),
  )
  const maintenance = common(
    add('maintenance', 'set or remove a flag file on all hosts, and show HAProxy’s own page meanwhile')
      .argument('<on|off>')
      .argument('[stage]', 'the stage, when there are several')
      .option('-m, --message <why>', 'why; status shows it'),
  )
  adopting(maintenance)
  maintenance.action((word: string, stage: string | undefined) => {
    const positional = stage === undefined ? {} : { stage }
    tell({ command: 'maintenance', flags: { ...maintenance.optsWithGlobals(), ...positional }, words: [word] })
  })
  const report = common(
    add('report', 'write a run of this machine as a page: when each host did what, what was slow, what failed')
      .argument('[run]', 'its name, or the release that it was about; else the newest')
      .option('--html <file>', 'where the page goes'),
  )
  report.action((run: string | undefined) =>
    tell({ command: 'report', flags: report.optsWithGlobals(), words: run === undefined ? [] : [run] }),
  )
  ask(onStage(add('config', 'show what the configuration comes to')))
  askHosts(
    adopting(
      selection(
        onHosts(add('prune', 'remove old releases; never one that is or was served, or that a process lives in')),
      ),
    )
      .option('--keep <n>', 'how many to keep', count)
      .option('-n, --dry-run', 'show what would be removed'),
  )
  ask(adopting(onStage(add('lock', 'keep everybody from deploying until unlock'))).option('-m, --message <why>', 'why'))
  ask(
    besides(onStage(add('unlock', 'release the lock you saw: shows it and asks, or takes its id')))
      .option('--tx <id>', 'its id, as status and lock show it')
      .option(
        '--fenced',
        'with --tx of a run that only the store knows: confirm that hosts nobody lists are out of service',
      ),
  )
  ask(
    onStage(
      add(
        'boot-resolver',
        'print a script for the hosts that puts back what a reboot in mid-deploy left; contacts no host',
      ),
    ),
  )
  ask(
    onStage(
      add('image', 'write what a machine needs to bring itself to the fleet’s release at every boot; contacts no host'),
    )
      .option('--out <folder>', 'where the files go')
      .option('--role <roles>', 'the roles of the machine', list)
      .option(
        '--store-at <place>',
        'where machines find the folder of the store: a path, or the address that serves it',
      )
      .option('--ready <file>', 'the file that is there only while the machine may have users')
      .option('--wait <duration>', 'how long a boot waits for a store or a deploy (10m)', duration),
  )
  ask(
    besides(
      selection(
        common(add('run', 'run a command in deployTo on hosts; exits with the worst code').argument('[command...]')),
      ),
    ),
    true,
  )
  askHosts(
    besides(selection(onHosts(add('logs', 'print the last lines of the app’s log on each host'))))
      .option('--release <id>', 'of this release, where each release has a log of its own')
      .option('-n, --lines <n>', 'how many lines of each host (50)', count),
  )
  const completion = add('completion', 'print the completion script of a shell').addArgument(
    new Argument('<shell>').choices(completionShells),
  )
  completion.action((shell: string) => tell({ command: 'completion', flags: {}, words: [shell] }))
  ask(
    add('demo', 'deploy an example to three SSH hosts inside this process').option(
      '--keep',
      'leave the folder and the apps in place',
    ),
  )
  const help = add('help', 'show the commands, or what one of them takes').argument('[command]')
  help.action((name: string | undefined) => {
    const one = name === undefined ? program : program.commands.find(command => command.name() === name)
    if (one === undefined)
      return program.error(`error: there is no command "${name}"${didYouMean(`${name}`, namesIn(program))}`)
    return one.help()
  })
  return program
}

function namesIn(program: Command): readonly string[] {
  return program.commands.map(command => command.name())
}

/** What a command alone knows comes before what all know. */
function ownFirst(command: Command): Option[] {
  const all = new Help().visibleOptions(command)
  const isCommon = ({ helpGroupHeading }: Option) => helpGroupHeading === ofAll
  return [...all.filter(one => !isCommon(one)), ...all.filter(isCommon)]
}

const ofAll = 'Flags of every command:'

function common(command: Command): Command {
  const known = command.options.length
  addCommon(command)
  for (const option of command.options.slice(known)) option.helpGroup(ofAll)
  return command
}

function addCommon(command: Command): void {
  command
    .option('--stage <name>', 'the stage')
    .option('-c, --config <file>', 'the configuration file; else the nearest deploy.config.* from here upwards')
    .option('-y, --yes', 'answer yes to what would be asked')
    .option('--no-input', 'ask nothing')
    .option('--json', 'one JSON object on stdout')
    .addOption(
      new Option('--output <kind>', 'how progress is shown').choices(['auto', 'tty', 'plain', 'jsonl', 'github']),
    )
    .option('--no-color', 'no colour')
    .option('-v, --verbose', 'each script and its time')
    .option('-q, --quiet', 'warnings and the result only')
    .option('--concurrency <n>', 'how many hosts to work on at a time', count)
    .option('--timeout <duration>', 'stop after this long, such as 10m', duration)
}

function setUp(command: Command): Command {
  return command
    .option('--app <name>', 'name of the app')
    .option('--host <host>', 'an ssh alias, or user@host:port; repeat it for more', list)
    .option('--path <folder>', 'the folder on the hosts')
    .option('--build <command>', 'a command that builds the release on this machine; repeat it for more', collected)
    .option('--include <paths>', 'which of the files make up the release', list)
    .option('--restart <command>', "a command that makes the app serve the release; '' for none")
    .option('--health <url>', "requested on each host after the restart; '' for none")
    .addOption(new Option('--ci <kind>', 'also write a workflow').choices(['github', 'gitlab', 'none']))
    .option('--ssh-config <file>', 'the ssh configuration that names the hosts')
    .option('--from-capistrano', 'take over what Capfile and config/deploy*.rb say; they are read, not run')
    .option('--no-check', 'contact no host')
    .option('--force', 'overwrite what is there')
    .option('--boot-resolver', 'do what boot-resolver does, and nothing else')
}

function transaction(command: Command, force = goOn): Command {
  return change(command)
    .option(
      '--exclude <hosts>',
      'leave these hosts out; recorded with the reason, and shown by status until they rejoin',
      list,
    )
    .option('--reason <why>', 'why they are left out')
    .option('--force', force)
}

/** For the commands that bring hosts what others say. */
function trusting(command: Command): Command {
  return command.option(
    '--trust-host <host>',
    'take the word of this host for what the fleet serves, although no other bears it out',
  )
}

/** What every transaction knows. */
function change(command: Command): Command {
  return underLock(
    dryable(command)
      .option('--no-rollback', 'leave the new release in place when it fails after the swap')
      .option(
        '--lost-hosts <n>',
        'with --yes: go on although a command lists up to n hosts of the fleet no more',
        count,
      ),
  )
}

function dryable(command: Command): Command {
  return command
    .option('-n, --dry-run', 'show what would happen; hosts are only read')
    .option('--detailed-exitcode', 'with --dry-run: exit 10 when something would change')
}

function underLock(command: Command): Command {
  return adopting(command)
    .option('--lock-wait <duration>', 'wait this long for the lock, such as 10m', duration)
    .option('-m, --message <text>', 'shown with the lock and in the history')
}

function adopting(command: Command): Command {
  return command.option(
    '--adopt',
    'take over a deployTo that was deployed as another app or stage, such as a renamed one',
  )
}

/** For the commands that change nothing that is deployed. */
function besides(command: Command): Command {
  return command.option(
    '--adopt',
    'go on where deployTo was deployed as another app or stage, and leave it theirs; repair --adopt takes it over',
  )
}

function selection(command: Command): Command {
  return command
    .option('--only <hosts>', 'these hosts', list)
    .option('--except <hosts>', 'all but these hosts', list)
    .option('--role <roles>', 'hosts with one of these roles', list)
}

const goOn = 'go on although nothing has changed'
const skipBake = 'confirm what is healthy at once, without the bake of the configuration'
const noStore = 'tell the store nothing, because it is away'

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
  const ms = parseDuration(value, Number.POSITIVE_INFINITY)
  if (ms === null) throw new InvalidArgumentError('Write it like 30s, 10m or 1h30m.')
  return ms
}

const examples = `
  $ clonedeploy demo                    see it work, without a server
  $ clonedeploy init                    write deploy.config.ts
  $ clonedeploy deploy --dry-run        show what would happen
  $ clonedeploy deploy production       do it
  $ clonedeploy rollback                undo it
  $ clonedeploy status                  see what every host serves
`

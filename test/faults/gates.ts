import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Change } from '../model/schedule.js'
import { ancestors, nameOf, signal } from '../support/processes.js'
import { textOf } from '../support/project.js'
import { type Hosts, real, writeCommand } from './hosts.js'

/**
 * The commands by which a host makes each change that the model knows, as patterns of the shell. `from`: what is renamed, as the shell has it; where it is gone, somebody else was first, and the command
 * changes nothing.
 */
const commands: readonly { readonly what: Change; readonly like: string; readonly from?: string }[] = [
  { what: 'locks', like: `'mkdir .clonedeploy/epochs/'[0-9]*` },
  { what: 'sweeps', like: `'mv -f -- .clonedeploy-probe '*` },
  { what: 'lays', like: `'ln -s -- releases/'*/stage/go/current` },
  { what: 'arms', like: `'mv -f '*/state.staged' '*/state.armed`, from: '$2' },
  { what: 'swaps', like: `'mv -f '*'/stage/go/current ./'`, from: '$2' },
  { what: 'is set aside', like: `'mv -f '*'/stage/go/current '*/stage/aside`, from: '$2' },
  { what: 'is confirmed', like: `'mv -f '*'/undecided '*/outcome.confirmed`, from: '$2' },
  { what: 'is recorded', like: `'mv -f '*'/fleet .clonedeploy/fleet'`, from: '$2' },
  { what: 'is reverted', like: `'mv -f '*'/undecided '*/outcome.reverted`, from: '$2' },
  { what: 'goes back', like: `'mv -f '*'/stage/revert/current ./'`, from: '$2' },
  { what: 'ends', like: `'rm -rf '*'/stage '*'/restart '*/switch` },
  { what: 'ends', like: `'rm -rf .clonedeploy/tx/'${'[0-9a-f]'.repeat(44)}` },
]

/** A command of a host that waits until it may make its change. */
export interface Waiting {
  readonly host: number
  readonly pid: number
  readonly what: Change
  /** The transaction whose folder it changes; null: a lock, which has none yet. */
  readonly tx: string | null
}

/** Holds every command that makes a change of the model, on every host. */
export interface Gates {
  readonly close: () => void
  /** From now on nothing is held, and what was goes on. */
  readonly open: () => void
  readonly waiting: () => readonly Waiting[]
  readonly pass: (one: Waiting) => void
  /** Ends it and its script, as if what asked for it had never come. */
  readonly lose: (one: Waiting) => void
  /** Forgets what waited on a host that has lost its power. */
  readonly forget: (host: number) => void
}

export function gatesOn(hosts: Hosts): Gates {
  const dir = (i: number) => join(hosts.commandsOf(i), 'gates')
  const waitingOn = (i: number): readonly Waiting[] =>
    (existsSync(dir(i)) ? readdirSync(dir(i)) : [])
      .filter(name => /^\d+$/.test(name))
      .map(name => ({ host: i, pid: Number(name), ...told(textOf(join(dir(i), name))) }))
  const forget = (i: number) => rmSync(dir(i), { recursive: true, force: true })
  return {
    close() {
      for (const i of hosts.all) {
        forget(i)
        mkdirSync(dir(i))
        for (const name of ['mkdir', 'mv', 'ln', 'rm']) writeGate(hosts.commandsOf(i), name)
      }
    },
    open() {
      for (const i of hosts.all) forget(i)
    },
    waiting: () => hosts.all.flatMap(waitingOn),
    pass: ({ host, pid }) => writeFileSync(join(dir(host), `pass.${pid}`), ''),
    lose({ host, pid }) {
      const above = ancestors(pid)
      const sshd = above.findIndex(one => !/^(sh|dash|bash|gzip)$/.test(nameOf(one)))
      const shells = sshd < 0 ? above : above.slice(0, sshd)
      signal([...shells.reverse(), pid], 'SIGKILL')
      rmSync(join(dir(host), String(pid)), { force: true })
    },
    forget(i) {
      forget(i)
      mkdirSync(dir(i))
    },
  }
}

function told(line: string): Pick<Waiting, 'what' | 'tx'> {
  const [what = '', command = ''] = line.trimEnd().split('\t')
  return {
    what: what as Change,
    tx: /\.clonedeploy\/tx\/([0-9a-f]{44})(?!.*\.clonedeploy\/tx\/)/.exec(command)?.[1] ?? null,
  }
}

/** The loop ends also when the folder of the gates is gone. */
function writeGate(dir: string, name: string): void {
  const own = commands.filter(({ like }) => like.startsWith(`'${name} `))
  const gates = join(dir, 'gates')
  writeCommand(dir, name, [
    `if [ -d ${gates} ]; then`,
    '  from=',
    `  case "${name} $*" in`,
    ...own.map(({ what, like, from = '' }) => `    ${like}) what='${what}' from="${from}" ;;`),
    '    *) what= ;;',
    '  esac',
    '  there() { [ -z "$from" ] || [ -L "$from" ] || [ -e "$from" ]; }',
    '  if [ -n "$what" ] && there; then',
    `    printf '%s\\t%s\\n' "$what" "${name} $*" >${gates}/new.$$ && ${real('mv')} ${gates}/new.$$ ${gates}/$$`,
    `    while [ -d ${gates} ] && [ ! -e ${gates}/pass.$$ ] && there; do ${real('sleep')} 0.02; done`,
    `    ${real(name)} "$@"`,
    '    c=$?',
    `    ${real('rm')} -f ${gates}/$$`,
    '    exit $c',
    '  fi',
    'fi',
    `exec ${real(name)} "$@"`,
  ])
}

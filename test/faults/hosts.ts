import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, vi } from 'vitest'
import { ancestors, descendants, signal } from '../support/processes.js'
import { type Project, textOf } from '../support/project.js'
import { type FleetOptions, startFleet, type TestFleet } from '../support/sshd.js'

/** A fleet of real hosts, of which the third has no SFTP, and on whose commands the tests have a hand: programs of the same name come first on their PATH. */
export interface Hosts {
  readonly fleet: TestFleet
  /** The folder that comes first on the PATH of host `i`. */
  readonly commandsOf: (i: number) => string
  readonly all: readonly number[]
  /**
   * From now on host `i` stops for good before its `k`-th command that changes a disk and is like this pattern of the
   * shell (0: they are only counted): it hangs there, or its shell is killed, or
   * it pauses until `unstop`.
   */
  readonly stopAt: (i: number, k: number, pattern?: string, how?: 'hang' | 'kill' | 'pause') => void
  readonly unstop: () => void
  /** Whether host `i` has come to that command. */
  readonly stopped: (i: number) => boolean
  /** The commands of host `i` since `stopAt`. */
  readonly commands: (i: number) => readonly string[]
  /**
   * Lets every sleep on these hosts end at once, and waits until nothing is at work below the folders: no process at all,
   * or (`waiting`) none but those that wait for a word of a controller that still lives.
   */
  readonly letTimePass: (
    folders: readonly string[],
    left?: 'nothing' | 'waiting',
    on?: readonly number[],
  ) => Promise<void>
  /** Lets every sleep on host `i` end at once until this holds, or so many milliseconds have passed. */
  readonly hurry: (i: number, holds: () => boolean, waits: number) => Promise<void>
  /** Sets the clock of host `i` so many seconds ahead of ours, or behind; `unstop` sets it right. */
  readonly setClock: (i: number, seconds: number) => void
  /** Waits until every host waits for the word to swap. */
  readonly whenArmed: (project: Project) => Promise<void>
}

const changing = ['mv', 'rm', 'rmdir', 'mkdir', 'ln', 'touch', 'sync', 'tar', 'cp', 'tee'] as const

/** `world`: as of a fleet. `hasSftp`: all but the third, unless said. */
export function onHosts(
  count = 3,
  world: FleetOptions['world'] = () => [],
  hasSftp = (i: number): boolean => i !== 3,
): Hosts {
  const here = {} as { fleet: TestFleet; dir: string }
  const dirOf = (i: number) => join(here.dir, `h${i}`)
  const all = Array.from({ length: count }, (_, n) => n + 1)
  beforeAll(async () => {
    here.dir = mkdtempSync(join(tmpdir(), 'clonedeploy-commands-'))
    for (const i of all) makeCommands(dirOf(i))
    here.fleet = await startFleet({
      hosts: count,
      world,
      environment: i => [`PATH=${dirOf(i)}:${process.env.PATH}`],
      sshdConfig: i => (hasSftp(i) ? [] : ['Subsystem none /bin/false']),
    })
  })
  afterAll(async () => {
    await here.fleet?.stop()
    rmSync(here.dir, { recursive: true, force: true })
  })
  const unstop = () => {
    for (const i of all)
      for (const name of ['stop-at', 'stopped', 'commands', 'clock']) rmSync(join(dirOf(i), name), { force: true })
  }
  return {
    get fleet() {
      return here.fleet
    },
    commandsOf: dirOf,
    all,
    stopAt(i, k, pattern = '*', how = 'hang') {
      unstop()
      for (const name of changing) makeCommand(dirOf(i), name)
      writeFileSync(join(dirOf(i), 'commands'), '')
      writeFileSync(join(dirOf(i), 'stop-at'), `${k}\n${how}\n${pattern}\n`)
    },
    unstop,
    setClock(i, seconds) {
      makeCommand(dirOf(i), 'touch')
      writeFileSync(join(dirOf(i), 'clock'), `${seconds}\n`)
    },
    whenArmed: project =>
      vi.waitFor(() => {
        for (const i of all) {
          const tx = project.on(i, '.clonedeploy/tx')
          const written = (id: string, name: string) =>
            statSync(join(tx, id, name), { throwIfNoEntry: false })?.mtimeMs ?? 0
          // The last that arming does is to set these apart by the time for which the word is taken.
          const armed = (id: string) => written(id, 'late') - written(id, 'early') > 5000
          if (!readdirSync(tx).some(armed)) throw new Error(`h${i} is not armed`)
        }
      }, 60_000),
    stopped: i => existsSync(join(dirOf(i), 'stopped')),
    commands: i =>
      readFileSync(join(dirOf(i), 'commands'), 'utf8')
        .trimEnd()
        .split('\n'),
    async hurry(i, holds, waits) {
      writeFileSync(join(dirOf(i), 'fast'), '')
      try {
        for (const end = Date.now() + waits; Date.now() < end && !holds(); await sleep(20))
          endSleeps([here.fleet.folder(i)])
      } finally {
        rmSync(join(dirOf(i), 'fast'), { force: true })
      }
    },
    async letTimePass(folders, allowed = 'nothing', on = all) {
      for (const i of on) writeFileSync(join(dirOf(i), 'fast'), '')
      let quiet = 0
      try {
        await vi.waitFor(
          () => {
            const found = endSleeps(folders)
            const paused = new Set(all.flatMap(i => pausedOn(dirOf(i))))
            const busy = found.filter(({ pid, waits }) => !paused.has(pid) && !(allowed === 'waiting' && waits))
            quiet = busy.length === 0 ? quiet + 1 : 0
            if (quiet < 3) throw new Error(`still at work: ${busy.map(({ name, pid }) => `${name} ${pid}`).join(', ')}`)
          },
          { timeout: 300_000, interval: 50 },
        )
      } finally {
        for (const i of on) rmSync(join(dirOf(i), 'fast'), { force: true })
      }
    },
  }
}

interface AtWork {
  readonly pid: number
  readonly name: string
  /** Whether it reads what a controller sends. */
  readonly waits: boolean
}

/** Ends the sleeps below these folders, and gives all that is at work there. */
function endSleeps(folders: readonly string[]): readonly AtWork[] {
  const found = below(folders)
  signal(
    found.filter(({ name }) => name === 'sleep').map(({ pid }) => pid),
    'SIGKILL',
  )
  return found
}

/** Processes whose working folder is below one of these. */
function below(folders: readonly string[]): readonly AtWork[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 1)
    .flatMap(pid => {
      try {
        const cwd = readlinkSync(`/proc/${pid}/cwd`)
        if (!folders.some(folder => cwd === folder || cwd.startsWith(`${folder}/`))) return []
        const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
        const waits =
          readlinkSync(`/proc/${pid}/fd/0`) !== '/dev/null' && ['sh', 'dash', 'gzip', 'tar', 'cat'].includes(name)
        return [{ pid, name, waits }]
      } catch {
        return []
      }
    })
}

/** The command at which a host pauses, what it has started, and the shells above it. */
function pausedOn(dir: string): readonly number[] {
  if (!existsSync(join(dir, 'stop-at')) || !/^pause$/m.test(readFileSync(join(dir, 'stop-at'), 'utf8'))) return []
  const pid = Number(textOf(join(dir, 'stopped')))
  return pid === 0 ? [] : [pid, ...descendants(pid), ...ancestors(pid)]
}

/** Those by which all sleeps of a host can end at once, and its clock be set. */
function makeCommands(dir: string): void {
  mkdirSync(dir)
  const [sleep, date] = [real('sleep'), real('date')]
  writeCommand(dir, 'date', [`[ -e ${dir}/clock ] || exec ${date} "$@"`, `exec ${date} -d ${nowOn(dir)} "$@"`])
  writeCommand(dir, 'sleep', [`[ ! -e ${dir}/fast ] || exec ${sleep} 0.02`, `exec ${sleep} "$@"`])
}

/** One at which a host can be stopped: made when a test asks for it, because it costs another program each time. */
function makeCommand(dir: string, name: (typeof changing)[number]): void {
  if (existsSync(join(dir, name))) return
  const sleep = real('sleep')
  writeCommand(dir, name, [
    `if [ -e ${dir}/stop-at ]; then`,
    `  { read -r k; read -r how; read -r pattern; } <${dir}/stop-at`,
    `  case "${name} $*" in $pattern)`,
    `    printf '%s\\n' "${name} $*" >>${dir}/commands`,
    `    if [ "$(wc -l <${dir}/commands)" -eq "$k" ]; then`,
    `      echo $$ >${dir}/stopped`,
    `      [ "$how" != kill ] || { kill -9 "$PPID"; exit 1; }`,
    `      while [ "$how" = hang ] || [ -e ${dir}/stop-at ]; do ${sleep} 0.05; done`,
    '    fi ;;',
    '  esac',
    'fi',
    ...(name === 'touch'
      ? [`case $1 in -*) ;; *) [ ! -e ${dir}/clock ] || exec ${real(name)} -d ${nowOn(dir)} "$@" ;; esac`]
      : []),
    `exec ${real(name)} "$@"`,
  ])
}

function nowOn(dir: string): string {
  return `"@$(( $(${real('date')} +%s) + $(cat ${dir}/clock) ))"`
}

/** A program of a host, which comes before the machine's own. */
export function writeCommand(dir: string, name: string, lines: readonly string[]): void {
  const file = join(dir, name)
  writeFileSync(`${file}.new`, ['#!/bin/sh', ...lines, ''].join('\n'))
  chmodSync(`${file}.new`, 0o755)
  renameSync(`${file}.new`, file)
}

const found = new Map<string, string>()

/** Where this machine has a program. */
export function real(name: string): string {
  const path = found.get(name) ?? execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
  found.set(name, path)
  return path
}

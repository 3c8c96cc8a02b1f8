import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { Times } from '../../src/state/protocol-times.js'
import { demandKept, demandSchemas } from '../schemas/demand.js'
import { type FileText, writeFiles } from './files.js'
import { runHere } from './here.js'
import type { TestFleet } from './sshd.js'

const program = join(import.meta.dirname, '../../bin/clonedeploy.js')

/** A project in a temp folder that deploys `app/` to a fleet, by the program as users start it. */
export interface Project {
  readonly root: string
  /** `deployTo` of host `i`. Every project has its own. */
  readonly on: (i: number, ...path: readonly string[]) => string
  /** What host `i` holds as `current`, verbatim; null: absent. */
  readonly current: (i: number) => string | null
  /** The releases in `releases/` of host `i`. */
  readonly releases: (i: number) => readonly string[]
  readonly write: (files: Readonly<Record<string, FileText>>) => void
  /** Writes deploy.config.json: the fleet, and what is given over it. `host` adds to a host of the inventory. */
  readonly configure: (config?: object, host?: (i: number) => object) => void
  /** Runs it to its end, in the process of the test where that makes no difference. */
  readonly run: (args: string, options?: RunOptions) => Promise<Ended>
  /** Writes this version into the app and deploys it; throws unless that ended with 0. Gives the release's id. */
  readonly deployed: (version: string) => Promise<string>
  /** Starts a process of its own: one that can be killed, held or told to stop. */
  readonly start: (args: string, options?: RunOptions) => Running
  readonly git: (...args: readonly string[]) => string
  readonly remove: () => void
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Shorter than those that are shipped. */
  readonly times?: Times
}

/** For tests that wait until a lease is over. */
export const short: Times = { lease: 5, deadline: 20 }

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** stdout as JSON. */
  readonly json: () => Json
}

/** JSON as tests look into it. */
// biome-ignore lint/suspicious/noExplicitAny: its shape is what the tests are about
export type Json = any

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** What it has said on stderr so far. */
  readonly said: () => string
  /** Waits until it has said so on stderr. */
  readonly until: (text: string | RegExp) => Promise<void>
}

export async function startProject(fleet: TestFleet): Promise<Project> {
  const root = await mkdtemp(join(tmpdir(), 'clonedeploy-project-'))
  const name = root.slice(root.lastIndexOf('-') + 1)
  const on = (i: number, ...path: readonly string[]) => join(fleet.folder(i), name, ...path)
  const start = (args: string, options: RunOptions = {}) => startProgram(root, args, options)
  const project: Project = {
    root,
    on,
    current: i => (existsSync(on(i)) && readdirSync(on(i)).includes('current') ? readlinkSync(on(i, 'current')) : null),
    releases: i => (existsSync(on(i, 'releases')) ? readdirSync(on(i, 'releases')).sort() : []),
    write: files => writeFiles(root, files),
    configure: (config = {}, host = () => ({})) => {
      const hosts = fleet.hosts.map(({ name }, n) => ({ name, deployTo: on(n + 1), ...host(n + 1) }))
      const ssh = { configFile: fleet.sshConfigFile, connectTimeout: '30s' }
      const whole = { app: 'shop', source: { dir: 'app' }, deployTo: '/nowhere', hosts, ssh, ...config }
      writeFileSync(join(root, 'deploy.config.json'), JSON.stringify(whole, null, 2))
    },
    run: (args, options = {}) => runProgram(root, args, options),
    async deployed(version) {
      project.write({ 'app/version': `${version}\n` })
      const ended = await project.run('deploy --json')
      if (ended.code !== 0) throw new Error(`deploy ended with ${ended.code}:\n${ended.stderr}`)
      return ended.json().release
    },
    start,
    git: (...args) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
        cwd: root,
        encoding: 'utf8',
      }),
    remove: () => {
      demandKept(root)
      // Hosts may still be at the last word of a controller that was killed.
      for (const i of fleet.hosts.keys()) rmSync(on(i + 1), { recursive: true, force: true, maxRetries: 10 })
      rmSync(root, { recursive: true, force: true })
    },
  }
  project.write({ 'app/version': 'one\n', 'app/server.js': 'serve()\n' })
  project.configure()
  return project
}

/** What changes only what the program says and to whom: it takes this from its argument. The rest is read from its process. */
const told = /^(USER|GITHUB_\w+|GITLAB_\w+|CLONEDEPLOY_OUTPUT\w*)$/

/**
 * Runs a command line in this process, or in one of its own where the process is the point: another PATH, say. Words are
 * parted by spaces.
 */
function runProgram(cwd: string, args: string, options: RunOptions): Promise<Ended> {
  const alike = Object.keys(options.env ?? {}).every(name => told.test(name))
  return alike ? runAsAnna(cwd, args, options) : startProgram(cwd, args, options).ended
}

/** Runs a command line in any folder. */
export function runIn(cwd: string, args: string): Promise<Ended> {
  return runAsAnna(cwd, args, {})
}

async function runAsAnna(cwd: string, args: string, { env = {}, times }: RunOptions): Promise<Ended> {
  const here = { cwd, env: { ...surroundings(), ...env }, ...(times === undefined ? {} : { times }) }
  const ended = await runHere(words(args), here)
  return { ...ended, signal: null, json: () => JSON.parse(ended.stdout) }
}

function surroundings() {
  const { PATH = '', HOME = '', XDG_CACHE_HOME = '' } = process.env
  return { PATH, HOME, XDG_CACHE_HOME, USER: 'anna' }
}

/** Starts the program as users do. */
function startProgram(cwd: string, args: string, { env = {}, times }: RunOptions): Running {
  const entry = times === undefined ? program : join(import.meta.dirname, 'program.mjs')
  const child = spawn(process.execPath, [entry, ...words(args)], {
    cwd,
    env: { ...surroundings(), ...env, ...(times && { CLONEDEPLOY_TEST_TIMES: JSON.stringify(times) }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]?.setEncoding('utf8').on('data', chunk => {
      text[stream] += chunk
    })
  const closed = new Promise<Ended>(resolve => {
    child.once('close', (code, signal) => resolve({ code, signal, ...text, json: () => JSON.parse(text.stdout) }))
  })
  const ended = closed.then(how => {
    demandSchemas(how.stdout)
    return how
  })
  return {
    child,
    ended,
    said: () => text.stderr,
    until: wanted =>
      vi.waitFor(
        () => {
          if (!new RegExp(wanted).test(text.stderr)) throw new Error(`it has not said ${wanted} but:\n${text.stderr}`)
        },
        { timeout: 300_000, interval: 20 },
      ),
  }
}

function words(args: string): readonly string[] {
  return args.split(' ').filter(word => word !== '')
}

/** What a file holds; '' while there is none. It may go away while it is looked at, as what /proc has of a process does. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (error instanceof Error && /^(ENOENT|ENOTDIR|ESRCH):/.test(error.message)) return ''
    throw error
  }
}

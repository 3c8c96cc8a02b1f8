/**
 * What a host costs the machine that deploys: processor time, memory and the longest time that nothing else was done, of runs
 * on so many hosts, `npm run bench:many -- 2 64 256`. The hosts are those of the demo, in another process of this machine: their
 * scripts run in real shells, which is what takes the time here, and is not counted. Needs root.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { changeApp, makeApp } from './app.js'
import { timed } from './measure.js'

/** What one process took. */
interface Took {
  /** Milliseconds of processor time, without the programs that it started. */
  readonly cpu: number
  /** The most memory that it held, in MB. */
  readonly memory: number
  /** Milliseconds: the longest that its event loop was kept from its work. */
  readonly blocked: number
}

const program = join(import.meta.dirname, '../../bin/clonedeploy.js')
const jiti = join(import.meta.dirname, '../../node_modules/jiti/lib/jiti-cli.mjs')
const itself = join(import.meta.dirname, 'itself.mjs')
const commands = [
  { name: 'first deploy', args: ['deploy'], changes: true },
  { name: 'three files changed', args: ['deploy'], changes: true },
  { name: 'rollback', args: ['rollback', '--yes'], changes: false },
  { name: 'status', args: ['status'], changes: false },
]
const counts = process.argv.slice(2).map(Number)
const rows: { readonly name: string; readonly hosts: number; readonly seconds: number; readonly took: Took }[] = []
for (const hosts of counts.length === 0 ? [2, 16, 64] : counts) await measure(hosts)
process.stdout.write(`${table()}\n`)

async function measure(hosts: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-bench-'))
  const shared = join(folder, 'disk')
  mkdirSync(shared)
  const fleet = spawn(process.execPath, [jiti, join(import.meta.dirname, 'many-hosts.ts')], {
    env: { ...process.env, HOSTS: `${hosts}`, FOLDER: join(folder, 'fleet'), SHARED: shared },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  try {
    await said(fleet)
    const project = makeProject(folder, hosts, shared)
    for (const [round, { name, args, changes }] of commands.entries()) {
      if (changes) changed(project, round)
      rows.push({ name, hosts, ...(await run(project, args)) })
      process.stderr.write(`${hosts} hosts: ${name}\n`)
    }
  } finally {
    fleet.kill('SIGKILL')
    await once(fleet, 'exit').catch(() => {})
    rmSync(folder, { recursive: true, force: true })
  }
}

function makeProject(folder: string, hosts: number, shared: string): string {
  const project = join(folder, 'project')
  makeApp(join(project, 'app'), 6)
  const names = Array.from({ length: hosts }, (_, i) => `web-${i + 1}`)
  const config = {
    ...{ app: 'shop', source: { git: '.', subdir: 'app' }, deployTo: join(shared, 'shop'), keepReleases: 50 },
    hosts: names,
    ssh: { configFile: join(folder, 'fleet/ssh_config'), connectTimeout: '5m' },
  }
  writeFileSync(join(project, 'deploy.config.json'), JSON.stringify(config))
  writeFileSync(join(project, '.gitignore'), '.clonedeploy\n')
  git(project, 'init', '--quiet')
  return project
}

function changed(project: string, round: number): void {
  changeApp(join(project, 'app'), round)
  git(project, 'add', '--all')
  git(project, 'commit', '--quiet', '--message', `${round}`)
}

function git(cwd: string, ...args: readonly string[]): void {
  execFileSync('git', ['-c', 'user.name=bench', '-c', 'user.email=bench@example.org', ...args], { cwd })
}

async function run(project: string, args: readonly string[]) {
  const file = join(project, '..', 'took.json')
  process.env.BENCH_TOOK = file
  const { seconds } = await timed(process.execPath, ['--import', itself, program, ...args], project)
  return { seconds, took: JSON.parse(readFileSync(file, 'utf8')) as Took }
}

async function said(fleet: ChildProcess): Promise<void> {
  await Promise.race([
    once(fleet.stdout as NodeJS.ReadableStream, 'data'),
    once(fleet, 'exit').then(() => Promise.reject(new Error('the hosts did not start'))),
  ])
}

/** A host more: against the fewest hosts of the same command. */
function table(): string {
  const heads = [
    '',
    'hosts',
    'seconds',
    'processor time, ms',
    'a host',
    'memory, MB',
    'a host',
    'event loop blocked, ms',
  ]
  const cells = rows.map(({ name, hosts, seconds, took }) => {
    const least = rows.find(row => row.name === name)
    const each = (what: 'cpu' | 'memory', digits: number) =>
      least === undefined || least.hosts === hosts
        ? ''
        : ((took[what] - least.took[what]) / (hosts - least.hosts)).toFixed(digits)
    return [
      ...[name, `${hosts}`, seconds.toFixed(1), took.cpu.toFixed(0), each('cpu', 1)],
      ...[took.memory.toFixed(0), each('memory', 2), took.blocked.toFixed(0)],
    ]
  })
  return [heads, heads.map(() => '---'), ...cells].map(line => `| ${line.join(' | ')} |`).join('\n')
}

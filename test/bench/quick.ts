/**
 * In about a minute: whole processes on two hosts of this machine, in turns with rsync and a bare ssh, as ratios. Writes what it
 * measured to quick.json and, as a table, into docs/performance.md: `npm run bench:quick`. With words behind it (`-- status`) it shows
 * the rows whose names begin with one of them, and writes nothing. Needs git, rsync and OpenSSH.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { startFleet } from '../support/sshd.js'
import { changeApp, makeApp } from './app.js'
import { median, timed } from './measure.js'
import { bare, rsync } from './peers.js'
import { type Measured, type Row, tableOf, withTable } from './table.js'

/** Rounds begin within so many milliseconds, and there are no more than so many. */
const budget = 45_000
const mostRounds = 7
const hosts = 2
/** Of 50 files each. */
const folders = 20

const program = join(import.meta.dirname, '../../bin/clonedeploy.js')
const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-bench-'))
const project = join(folder, 'project')
/** What the peers send is what we deploy: nothing of the repository around it. */
const app = join(project, 'app')
const fleet = await startFleet({ hosts })
const names = Array.from({ length: hosts }, (_, i) => i + 1)
const roots = names.map(i => `h${i}=${fleet.folder(i)}/rsync`).join(' ')

const by = (script: string, command = '') =>
  timed('bash', ['-c', script, 'peer', folder, fleet.sshConfigFile, app, roots, command], folder)
const ours = (...args: string[]) => timed(process.execPath, [program, ...args], project)

/** What is measured, in turns with a peer. */
interface Contest {
  readonly name: string
  readonly peer: string
  readonly before?: (round: number) => void
  readonly theirs: () => ReturnType<typeof timed>
  readonly own: () => ReturnType<typeof timed>
  readonly took: { readonly theirs: number[]; readonly own: number[] }
  said: Pick<Row, 'roundTrips' | 'bytes'>
}

const contest = (
  name: string,
  peer: string,
  theirs: Contest['theirs'],
  own: Contest['own'],
  before?: Contest['before'],
): Contest => ({
  ...{ name, peer, theirs, own, took: { theirs: [], own: [] }, said: { roundTrips: null, bytes: null } },
  ...(before === undefined ? {} : { before }),
})

const contests: readonly Contest[] = [
  contest(
    'three files changed',
    'rsync',
    () => by(rsync),
    () => ours('deploy', '-v'),
    round => {
      changeApp(app, round)
      git('commit', '--quiet', '--all', '--message', `${round}`)
    },
  ),
  contest(
    'no change',
    'rsync',
    () => by(rsync),
    () => ours('deploy'),
  ),
  contest(
    'rollback',
    'ssh and mv',
    () => by(bare, 'ln -sfn "$(readlink current)" .new && mv -fT .new current'),
    () => ours('rollback', '-y', '-v'),
  ),
  contest(
    'status',
    'ssh and readlink',
    () => by(bare, 'readlink current'),
    () => ours('status'),
  ),
]

try {
  await bench(process.argv.slice(2))
} finally {
  await fleet.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function bench(wanted: readonly string[]): Promise<void> {
  const loadBefore = loadavg()[0] as number
  prepare()
  await by(rsync)
  await ours('deploy')
  const began = Date.now()
  let round = 0
  while (round < mostRounds && (round === 0 || Date.now() - began < budget)) {
    round += 1
    // Each measures what the one before left: a rollback undoes the deploy of its round.
    for (const one of contests) await measure(one, round)
  }
  const load = `load averages of ${loadBefore.toFixed(1)} before and ${(loadavg()[0] as number).toFixed(1)} after`
  const rows = contests
    .filter(({ name }) => wanted.length === 0 || wanted.some(word => name.startsWith(word)))
    .map(({ name, peer, took, said }) => ({
      name,
      peer,
      peerSeconds: median(took.theirs),
      seconds: median(took.own),
      ...said,
      again: `npm run bench:quick -- ${name.split(' ')[0]}`,
    }))
  const date = new Date().toISOString().slice(0, 10)
  const measured: Measured = {
    date,
    machine: machine(),
    disk: disk(),
    beside: load,
    hosts,
    files: 50 * folders,
    rounds: round,
    rows,
  }
  process.stdout.write(tableOf(measured))
  if (wanted.length === 0) write(measured)
}

async function measure(one: Contest, round: number): Promise<void> {
  one.before?.(round)
  const own = async () => {
    const { seconds, said } = await one.own()
    one.took.own.push(seconds)
    one.said = trafficIn(said)
  }
  const theirs = async () => void one.took.theirs.push((await one.theirs()).seconds)
  // They take turns in coming first: whoever does finds the caches cold.
  for (const turn of round % 2 === 1 ? [theirs, own] : [own, theirs]) await turn()
}

function prepare(): void {
  makeApp(app, folders)
  git('init', '--quiet')
  writeFileSync(join(project, '.gitignore'), '.clonedeploy\n')
  const entries = names.map(i => ({ name: `h${i}`, host: `h${i}`, deployTo: `${fleet.folder(i)}/shop` }))
  const ssh = { configFile: fleet.sshConfigFile }
  const config = {
    app: 'shop',
    source: { git: '.', subdir: 'app' },
    deployTo: '/nowhere',
    hosts: entries,
    ssh,
    keepReleases: 50,
  }
  writeFileSync(join(project, 'deploy.config.json'), JSON.stringify(config))
  git('add', '--all')
  git('commit', '--quiet', '--message', '0')
}

function git(...args: readonly string[]): void {
  execFileSync('git', ['-c', 'user.name=bench', '-c', 'user.email=bench@example.org', ...args], { cwd: project })
}

/** What a run said with -v of the host that was asked and sent the most. */
function trafficIn(said: string): Pick<Row, 'roundTrips' | 'bytes'> {
  const told = [...said.matchAll(/(\d+) round trips, ([\d.]+) kB sent$/gm)]
  if (told.length === 0) return { roundTrips: null, bytes: null }
  return {
    roundTrips: Math.max(...told.map(([, trips]) => Number(trips))),
    bytes: Math.max(...told.map(([, , kB]) => Number(kB) * 1000)),
  }
}

function machine(): string {
  const memory = `${Math.round(totalmem() / 1e9)} GB`
  return `Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${memory}, Node ${process.version}`
}

/** What the hosts' folders lie on. */
function disk(): string {
  const [, line = ''] = execFileSync('df', ['-T', fleet.folder(1)], { encoding: 'utf8' }).split('\n')
  const [device, type] = line.split(/\s+/)
  return `${type} on ${device}`
}

/** Between two marks of the document. */
function write(measured: Measured): void {
  writeFileSync(join(import.meta.dirname, 'quick.json'), `${JSON.stringify(measured, null, 2)}\n`)
  const file = join(import.meta.dirname, '../../docs/performance.md')
  writeFileSync(file, withTable(readFileSync(file, 'utf8'), measured))
}

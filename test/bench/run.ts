/**
 * Whole processes, one after the other on the same hosts, as ratios against rsync --link-dest (deploys), tar over ssh (the
 * first one) and a bare ssh (rollback, status): `npm run bench -- [HOSTS] [ROUNDS]`. Hosts are sshd processes on this machine, as in the tests;
 * with BENCH_SSH_CONFIG they are h1 … hN of that file, in BENCH_ROOT; with BENCH_RELAY the first deploy is also relayed.
 * Needs rsync and OpenSSH.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startFleet } from '../support/sshd.js'
import { changeApp, makeApp } from './app.js'
import { median, seconds } from './measure.js'
import { bare, rsync, tar } from './peers.js'

const program = join(import.meta.dirname, '../../bin/clonedeploy.js')
const [count, rounds] = [Number(process.argv[2] ?? 16), Number(process.argv[3] ?? 5)]
const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-bench-'))
const fleet = process.env.BENCH_SSH_CONFIG ? null : await startFleet({ hosts: count })

try {
  await bench()
} finally {
  await fleet?.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function bench(): Promise<void> {
  const config = fleet?.sshConfigFile ?? (process.env.BENCH_SSH_CONFIG as string)
  const root = (i: number) => (fleet === null ? (process.env.BENCH_ROOT ?? '/srv') : fleet.folder(i))
  const names = Array.from({ length: count }, (_, n) => n + 1)
  const app = join(folder, 'app')
  makeApp(app)
  const ssh = { configFile: config, concurrency: count }
  const configure = (name: string, relay = false) => {
    const hosts = names.map(i => ({ name: `h${i}`, host: `h${i}`, deployTo: `${root(i)}/${name}` }))
    writeFileSync(
      join(folder, 'deploy.config.json'),
      JSON.stringify({
        app: 'shop',
        source: { dir: 'app' },
        deployTo: '/nowhere',
        hosts,
        ssh,
        relay,
        keepReleases: 50,
      }),
    )
  }

  const entries = (name: string) => names.map(i => `h${i}=${root(i)}/${name}`).join(' ')
  const by = (way: string, name: string, command = '') =>
    seconds('bash', ['-c', way, name, folder, config, app, entries(name), command], folder)
  const peer = () => by(rsync, 'rsync')
  const naked = (command: string) => by(bare, 'rsync', command)
  const ours = (...args: string[]) => seconds(process.execPath, [program, ...args], folder)
  const first = (relay: boolean) => (name: string) => {
    configure(name, relay)
    return ours('deploy', '-q')
  }

  const rows: (readonly [string, string, number[], number[]])[] = [
    ['first deploy', 'rsync', [], []],
    ['first deploy', 'tar', [], []],
    ['three files changed', 'rsync', [], []],
    ['no change', 'rsync', [], []],
    ['rollback', 'ssh mv', [], []],
    ['status', 'ssh readlink', [], []],
    ['first deploy, relayed', 'sent from here', [], []],
  ]
  const keep = (row: number, theirs: number, own: number) => {
    rows[row]?.[2].push(theirs)
    rows[row]?.[3].push(own)
  }
  // Whoever comes first finds the caches cold: they take turns in that, too.
  const firsts: (readonly [string, (name: string) => Promise<number>])[] = [
    ['rsync', name => by(rsync, name)],
    ['tar', name => by(tar, name)],
    ['ours', first(false)],
    ...(process.env.BENCH_RELAY ? [['relay', first(true)] as const] : []),
  ]
  for (let round = 1; round <= 3; round += 1) {
    const took: Record<string, number> = {}
    for (const [name, deploy] of firsts) {
      // Nobody pays for what another left to be written.
      execFileSync('sync')
      took[name] = await deploy(`first-${name}`)
      await by(bare, `first-${name}`, 'rm -rf "$PWD"')
    }
    firsts.push(firsts.shift() as (typeof firsts)[number])
    keep(0, took.rsync as number, took.ours as number)
    keep(1, took.tar as number, took.ours as number)
    if (took.relay !== undefined) keep(6, took.ours as number, took.relay)
  }
  configure('shop')
  await peer()
  await ours('deploy', '-q')
  for (let round = 1; round <= rounds; round += 1) {
    changeApp(app, round)
    keep(2, await peer(), await ours('deploy', '-q'))
    keep(3, await peer(), await ours('deploy', '-q'))
    keep(
      4,
      await naked('ln -sfn "$(readlink current)" .new && mv -fT .new current'),
      await ours('rollback', '-y', '-q'),
    )
    keep(5, await naked('readlink current'), await ours('status', '-q'))
    await ours('deploy', '-q', '--force')
  }
  process.stdout.write(
    `${count} hosts, ${rounds} rounds, Node ${process.version}; medians, seconds of whole processes\n`,
  )
  for (const [name, peerName, theirs, own] of rows.filter(([, , , own]) => own.length > 0)) {
    const [a, b] = [median(theirs), median(own)]
    process.stdout.write(
      `${name.padEnd(22)}${peerName.padEnd(14)}${a.toFixed(2).padStart(7)}   clonedeploy ${b.toFixed(2).padStart(7)}   ratio ${(b / a).toFixed(2)}\n`,
    )
  }
}

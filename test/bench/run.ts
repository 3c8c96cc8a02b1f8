/**
 * Whole processes, one after the other on the same hosts, as ratios against rsync --link-dest (deploys), tar over ssh (the
 * first one) and a bare ssh (rollback, status): `npm run bench -- [HOSTS] [ROUNDS]`. Hosts are sshd processes on this machine, as in the tests;
 * with BENCH_SSH_CONFIG they are h1 … hN of that file, in BENCH_ROOT. Needs rsync and OpenSSH.
 */
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
  const hosts = names.map(i => ({ name: `h${i}`, host: `h${i}`, deployTo: `${root(i)}/shop` }))
  const ssh = { configFile: config, concurrency: count }
  writeFileSync(
    join(folder, 'deploy.config.json'),
    JSON.stringify({ app: 'shop', source: { dir: 'app' }, deployTo: '/nowhere', hosts, ssh, keepReleases: 50 }),
  )

  const entries = (name: string) => names.map(i => `h${i}=${root(i)}/${name}`).join(' ')
  const by = (way: string, name: string) =>
    seconds('bash', ['-c', way, name, folder, config, app, entries(name)], folder)
  const peer = () => by(rsync, 'rsync')
  const naked = (command: string) =>
    seconds('bash', ['-c', bare, 'bare', folder, config, app, entries('rsync'), command], folder)
  const ours = (...args: string[]) => seconds(process.execPath, [program, ...args], folder)

  const first = [await ours('deploy', '-q')]
  const rows: (readonly [string, string, number[], number[]])[] = [
    ['first deploy', 'rsync', [await peer()], first],
    ['first deploy', 'tar', [await by(tar, 'tar')], first],
    ['three files changed', 'rsync', [], []],
    ['no change', 'rsync', [], []],
    ['rollback', 'ssh mv', [], []],
    ['status', 'ssh readlink', [], []],
  ]
  const keep = (row: number, theirs: number, own: number) => {
    rows[row]?.[2].push(theirs)
    rows[row]?.[3].push(own)
  }
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
  for (const [name, peerName, theirs, own] of rows) {
    const [a, b] = [median(theirs), median(own)]
    process.stdout.write(
      `${name.padEnd(22)}${peerName.padEnd(14)}${a.toFixed(2).padStart(7)}   clonedeploy ${b.toFixed(2).padStart(7)}   ratio ${(b / a).toFixed(2)}\n`,
    )
  }
}

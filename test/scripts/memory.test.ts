import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseInspect } from '../../src/fleet/read/parse-inspect.js'
import { inspect } from '../../src/scripts/read/inspect.js'
import { parseMemory } from '../../src/scripts/read/memory.js'
import { writeFiles } from '../support/files.js'
import { nameOf } from '../support/processes.js'
import { everyShell, folder, run, type Shell, until } from '../support/scripts.js'
import { newId, oldId } from './staged.js'

const root = folder('a shop')
const started: ChildProcess[] = []

async function memoryOn(shell: Shell) {
  const { code, stdout, stderr } = await run(inspect(root, [], true), shell)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return parseInspect('h1', Buffer.from(stdout, 'latin1'))?.memory
}

/** What a program takes that sleeps in a release. */
async function sleepIn(release: string): Promise<number> {
  const child = spawn('sleep', ['600'], { cwd: join(root, 'releases', release), stdio: 'ignore' })
  started.push(child)
  await until(() => nameOf(child.pid ?? 0) === 'sleep', 'the start of a process')
  return child.pid ?? 0
}

const isPrivate = process.getuid?.() === 0 ? ['unshare', '--mount'] : ['unshare', '--mount', '--map-root-user']
const canMount = (() => {
  try {
    execFileSync(isPrivate[0] ?? '', [...isPrivate.slice(1), 'mount', '-t', 'tmpfs', 'tmpfs', '/sys/fs/cgroup'])
    return true
  } catch {
    process.stderr.write('SKIPPED: hosts with other memory, because nothing can be mounted here (root can)\n')
    return false
  }
})()

/** The shell on a host with that memory, and with these files of control groups. */
function withMemory(shell: Shell, meminfo: string, groups: Readonly<Record<string, string>>): Shell {
  const dir = folder()
  writeFiles(dir, {
    meminfo,
    ...Object.fromEntries(Object.entries(groups).map(([path, text]) => [`cgroup${path}`, text])),
  })
  const mounts = `mount --bind '${dir}/meminfo' /proc/meminfo; mount --bind '${dir}/cgroup' /sys/fs/cgroup; exec "$@"`
  return { ...shell, command: [...isPrivate, '/bin/sh', '-c', mounts, 'sh', ...shell.command] }
}

/** Each control group of the memory that a process of these tests is in, and the names of its files. */
const trees = readFileSync('/proc/self/cgroup', 'utf8')
  .split('\n')
  .flatMap(line => {
    const [, kind = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    const at = path === '/' ? '' : path
    if (kind === '' && path !== '') return [{ base: '', at, max: 'max', used: 'current', total: '' }]
    if (kind.split(',').includes('memory'))
      return [{ base: '/memory', at, max: 'limit_in_bytes', used: 'usage_in_bytes', total: 'total_' }]
    return []
  })

/** A group with a limit, in bytes, of which `used` are used, and `cached` of them by files. */
function group(tree: (typeof trees)[number], at: string, limit: string, used: number, cached: number) {
  const name = (file: string) => `${tree.base}${at}/memory.${file}`
  const stat = `anon 1\n${tree.total}inactive_file ${cached / 2}\n${tree.total}active_file ${cached / 2}\n`
  return { [name(tree.max)]: `${limit}\n`, [name(tree.used)]: `${used}\n`, [name('stat')]: stat }
}

const mib = 1024 * 1024
const meminfo =
  'MemTotal: 9000000 kB\nMemFree: 1000 kB\nMemAvailable: 3000000 kB\nSwapTotal: 9 kB\nSwapFree: 500000 kB\n'

describe.each(everyShell)('memory under $name', shell => {
  beforeAll(async () => {
    if (started.length > 0) return
    writeFiles(root, {
      [`releases/${oldId}/x`]: '',
      [`releases/${newId}/x`]: '',
      current: { link: `releases/${oldId}` },
    })
    for (const release of [oldId, oldId, newId]) await sleepIn(release)
  })

  it('is told with what the processes of the served release take, and of no other', async () => {
    const pss = (pid: number) => Number(/^Pss: +(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1])
    const all = started.map(({ pid = 0 }) => pss(pid))
    const { free = null, served = null } = (await memoryOn(shell)) ?? {}
    expect(free).toBeGreaterThan(0)
    // Pages that they share are counted to each in part, and so by how many programs run meanwhile.
    expect(served).toBeGreaterThan(0)
    expect(served).toBeLessThan(2 * ((all[0] ?? 0) + (all[1] ?? 0)) + 1000)
    const lines = (await run(inspect(root, [], true), shell)).stdout.split('\n')
    const seen = lines.flatMap(line => /^memory process (\d+) \d+$/.exec(line)?.[1] ?? [])
    expect(seen.map(Number).sort()).toEqual(
      started
        .slice(0, 2)
        .map(({ pid }) => pid)
        .sort(),
    )
  })

  it('is not asked unless somebody wants to know', async () => {
    const { stdout } = await run(inspect(root, []), shell)
    expect(parseInspect('h1', Buffer.from(stdout, 'latin1'))?.memory).toBeNull()
  })

  it.skipIf(!canMount)('is what can be had, with swap and without', async () => {
    expect(await memoryOn(withMemory(shell, meminfo, { '/x': '' }))).toMatchObject({
      ...{ free: 3_000_000, withSwap: 3_500_000, unit: null },
    })
  })

  it.skipIf(!canMount)('is not known where the host does not say', async () => {
    const found = await memoryOn(withMemory(shell, 'MemFree: 1000 kB\n', { '/x': '' }))
    expect(found).toMatchObject({ free: null, withSwap: null })
  })

  it.skipIf(!canMount).each(trees)(
    'is what the limits of a control group in $base leave, whoever made them',
    async tree => {
      const unlimited = tree.total === '' ? 'max' : '9223372036854771712'
      const own = group(tree, tree.at, unlimited, 100 * mib, 0)
      const around = group(tree, '', `${200 * mib}`, 180 * mib, 60 * mib)
      const kb = 80 * 1024
      const found = await memoryOn(withMemory(shell, meminfo, tree.at === '' ? around : { ...own, ...around }))
      expect(found).toMatchObject({ free: kb, withSwap: kb, unit: kb })
    },
  )
})

describe('what a host says of its memory', () => {
  it.each([
    [[], { free: null, withSwap: null, unit: null, served: null }],
    [['available 100', 'limit 900', 'limit 80', 'swap 50'], { free: 80, withSwap: 80, unit: null, served: null }],
    [
      ['available 100', 'limit -5', 'process 7 30', 'process 7 30', 'process 8 30', 'unit 9'],
      { free: 0, withSwap: 0, unit: 9, served: 60 },
    ],
    [
      ['available', 'limit 9007199254740991', 'process 7 x', 'available 1e9'],
      { free: null, withSwap: null, unit: null, served: null },
    ],
  ])('in %j is %j', (lines, memory) => {
    expect(parseMemory(lines)).toEqual(memory)
  })
})

afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
})

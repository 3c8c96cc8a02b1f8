import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listensWords } from '../../src/fleet/health/listening.js'
import { listeners, parseListeners } from '../../src/scripts/read/listeners.js'
import { parseProcesses, processes } from '../../src/scripts/read/processes.js'
import { writeFiles } from '../support/files.js'
import { descendants, nameOf } from '../support/processes.js'
import { everyShell, folder, run, until } from '../support/scripts.js'

const started: ChildProcess[] = []
const root = folder('app')
const elsewhere = folder()
const pids: Record<string, number> = {}
let port = 0

/** In a session of its own, so that it has no terminal even where the tests have one. */
function start(cwd: string, file: string, args: readonly string[]): ChildProcess {
  const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  started.push(child)
  return child
}

/** The sleep that a shell of this name starts. */
async function below(name: string): Promise<number> {
  symlinkSync('/bin/dash', join(elsewhere, name))
  const child = start(join(root, 'releases/a'), join(elsewhere, name), ['-c', 'sleep 60 & wait'])
  return sleepBelow(child)
}

async function sleepBelow({ pid = 0 }: ChildProcess): Promise<number> {
  const found = () => descendants(pid).find(each => nameOf(each) === 'sleep')
  await until(() => found() !== undefined, `a sleep below ${pid}`)
  return found() ?? 0
}

afterAll(() => {
  for (const { pid = 0 } of started) {
    for (const each of [...descendants(pid), pid]) process.kill(each, 'SIGKILL')
  }
})

describe.each(everyShell)('processes under $name', shell => {
  beforeAll(async () => {
    if (port !== 0) return
    writeFiles(root, { 'releases/a/sub/': '', 'releases/b/': '', 'releases/gone/': '', 'shared/': '' })
    copyFileSync('/bin/sleep', join(root, 'releases/a/my app'))
    const server =
      "const s = require('http').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))"
    const app = start(join(root, 'releases/b'), process.execPath, ['-e', server, 'password=hunter2'])
    port = Number(await once(app.stdout as NonNullable<typeof app.stdout>, 'data'))
    pids.app = app.pid ?? 0
    pids.sub = start(join(root, 'releases/a/sub'), 'sleep', ['60']).pid ?? 0
    pids.exe = start('/', join(root, 'releases/a/my app'), ['60']).pid ?? 0
    pids.gone = start(join(root, 'releases/gone'), 'sleep', ['60']).pid ?? 0
    await until(() => nameOf(pids.gone ?? 0) === 'sleep', 'the start of a process')
    rmSync(join(root, 'releases/gone'), { recursive: true })
    start(join(root, 'shared'), 'sleep', ['60'])
    start(root, 'sleep', ['60'])
    symlinkSync('/bin/sleep', join(elsewhere, 'PM2 v5.4.3: God'))
    pids.god = start(join(root, 'releases/a'), join(elsewhere, 'PM2 v5.4.3: God'), ['60']).pid ?? 0
    symlinkSync('/bin/sleep', join(elsewhere, 'tmux: server'))
    pids.tmux = start(join(root, 'releases/a'), join(elsewhere, 'tmux: server'), ['60']).pid ?? 0
    pids.cron = await below('cron')
    pids.sshd = await below('sshd')
    pids.tty = await sleepBelow(start(join(root, 'releases/a'), 'script', ['-qfc', 'sleep 60; :', '/dev/null']))
    await until(() => nameOf(pids.exe ?? 0) === 'my app', 'the start of the program')
  })
  it('are found in their releases: by folder or program, also removed ones, and what kind they are', async () => {
    const { code, stdout, stderr } = await run(processes(root), shell)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const found = parseProcesses(Buffer.from(stdout))
    const of = (name: string) =>
      found.filter(({ pid }) => pid === pids[name]).map(({ release, kind, name }) => [release, kind, name])
    expect(of('app')).toEqual([['b', 'app', 'node']])
    expect(of('sub')).toEqual([['a', 'app', 'sleep']])
    expect(of('exe')).toEqual([['a', 'app', 'my app']])
    expect(of('gone')).toEqual([['gone', 'app', 'sleep']])
    expect(of('god')).toEqual([['a', 'supervisor', 'PM2 v5.4.3: God']])
    expect(of('tmux')).toEqual([['a', 'session', 'tmux: server']])
    expect(of('cron')).toEqual([['a', 'job', 'sleep']])
    expect(of('sshd')).toEqual([['a', 'session', 'sleep']])
    expect(of('tty')).toEqual([['a', 'terminal', 'sleep']])
    expect(new Set(found.map(({ release }) => release))).toEqual(new Set(['a', 'b', 'gone']))
    expect(stdout).not.toContain('hunter2')
  })

  it('are none where there are no releases', async () => {
    expect(await run(processes(elsewhere), shell)).toEqual({ code: 0, stdout: '@whole\n', stderr: '' })
  })

  it('are asked where they listen', async () => {
    const { code, stdout, stderr } = await run(listeners(root), shell)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const found = parseListeners(Buffer.from(stdout))
    expect(found.filter(({ of }) => of === 'app')).toEqual([{ address: '127.0.0.1', port, of: 'app' }])
    expect(listensWords('web-3', found, { host: '127.0.0.1', port: 1 })).toBe(
      `web-3 listens on 127.0.0.1:${port}, not 1`,
    )
  })
})

describe('what listens', () => {
  const table = readFileSync('/proc/net/tcp', 'utf8').split('\n')[0] ?? ''

  it.each([
    ['0100007F:1F90', '127.0.0.1', 8080],
    ['00000000:0016', '*', 22],
    ['00000000000000000000000001000000:0BB8', '::1', 3000],
    ['00000000000000000000000000000000:0BB8', '*', 3000],
    ['0000000000000000FFFF00000100007F:0BB8', '127.0.0.1', 3000],
    ['B80D0120000000000000000001000000:0BB8', '2001:db8::1', 3000],
  ])('at %s is at %s:%d', (hex, address, at) => {
    expect(table).toContain('local_address')
    const found = parseListeners(Buffer.from(`login 1000\nlistens ${hex} 1000 7\nlistens ${hex} 0 8\n`))
    expect(found).toEqual([
      { address, port: at, of: 'login' },
      { address, port: at, of: 'host' },
    ])
  })

  const host = (address: string, at: number) => ({ address, port: at, of: 'host' }) as const
  const login = (address: string, at: number) => ({ address, port: at, of: 'login' }) as const
  it.each([
    [[], 'nothing listens on 3000'],
    [[host('*', 22), host('127.0.0.1', 5432)], 'nothing listens on 3000'],
    [[host('*', 3000), login('127.0.0.1', 8080)], null],
    [[host('127.0.0.1', 3000)], null],
    [[host('::1', 3000)], 'nothing listens on 127.0.0.1:3000'],
    [[login('::1', 3000)], 'web-3 listens on [::1]:3000, not 127.0.0.1:3000'],
    [[host('*', 22), login('127.0.0.1', 8080)], 'web-3 listens on 127.0.0.1:8080, not 3000'],
    [[1, 2, 3, 4, 5, 6].map(at => login('*', at)), 'web-3 listens on *:1, *:2, *:3, *:4, 2 more, not 3000'],
  ])('as %j is told as: %s', (found, words) => {
    expect(listensWords('web-3', found, { host: '127.0.0.1', port: 3000 })).toBe(words)
  })
})

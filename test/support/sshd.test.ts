import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { nameOf } from './processes.js'
import { sshdIsHere, startFleet, type TestFleet } from './sshd.js'

const run = promisify(execFile)

describe.skipIf(!sshdIsHere())('the fleet for tests', () => {
  let fleet: TestFleet
  beforeAll(async () => {
    fleet = await startFleet({ hosts: 2 })
  })
  afterAll(() => fleet.stop())

  const ssh = (i: number, command: string) => run('ssh', ['-F', fleet.sshConfigFile, `h${i}`, command])
  const alive = (pid: number) =>
    existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

  it('is reached by the ssh of this machine', async () => {
    expect((await ssh(1, 'echo one')).stdout).toBe('one\n')
    expect((await ssh(2, 'echo two')).stdout).toBe('two\n')
  })

  it('keeps the port of a host that is stopped and started, and ends what ran in it', async () => {
    const left = Number((await ssh(1, 'sleep 60 >/dev/null 2>&1 </dev/null & echo $!')).stdout)
    await vi.waitFor(() => expect(nameOf(left)).toBe('sleep'), 300_000)
    await fleet.stopHost(1)
    await vi.waitFor(() => expect(alive(left)).toBe(false), 300_000)
    await expect(ssh(1, 'true')).rejects.toThrow()
    expect((await ssh(2, 'echo two')).stdout).toBe('two\n')
    await fleet.startHost(1)
    expect((await ssh(1, 'echo one')).stdout).toBe('one\n')
  })

  it('freezes a host and thaws it', async () => {
    fleet.freeze(1)
    const answer = ssh(1, 'echo late')
    const first = await Promise.race([answer, new Promise(resolve => setTimeout(resolve, 300, 'nothing'))])
    expect(first).toBe('nothing')
    fleet.thaw(1)
    expect((await answer).stdout).toBe('late\n')
  })

  it('drops the connections of a host, and leaves what runs there alone', async () => {
    const mark = join(fleet.folder(1), 'started')
    const going = ssh(1, `echo $$ > ${mark}; exec sleep 60`).then(
      () => 'ended',
      () => 'dropped',
    )
    await vi.waitFor(() => expect(readFileSync(mark, 'utf8')).toMatch(/\d\n/), 300_000)
    fleet.dropConnections(1)
    expect(await going).toBe('dropped')
    expect(nameOf(Number(readFileSync(mark, 'utf8')))).toBe('sleep')
    expect((await ssh(1, 'echo again')).stdout).toBe('again\n')
  })

  it('does not outlive a test runner that is killed', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'clonedeploy-killed-'))
    const file = join(dir, 'runner.ts')
    writeFileSync(
      file,
      `import { startFleet } from ${JSON.stringify(join(import.meta.dirname, 'sshd.ts'))}
       startFleet({ hosts: 1 }).then(fleet => console.log(JSON.stringify([fleet.port(1), fleet.dir])))
       setInterval(() => {}, 1000)`,
    )
    const runner = spawn(process.execPath, ['--import', 'jiti/register', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(runner.stdout, 'data')
    const [port, left] = JSON.parse(String(line))
    const scan = () => run('ssh-keyscan', ['-T', '2', '-p', `${port}`, '127.0.0.1'])
    expect((await scan()).stdout).toContain('ssh-ed25519')
    runner.kill('SIGKILL')
    await vi.waitFor(() => expect(scan()).rejects.toThrow(), 300_000)
    await rm(dir, { recursive: true })
    await rm(left, { recursive: true })
  })
})

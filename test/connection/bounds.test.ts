import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connection } from '../../src/connection/connection.js'
import { connectOpenssh } from '../../src/connection/openssh/openssh.js'
import { connectSsh } from '../../src/connection/ssh2/ssh2.js'
import { connectLocal } from '../../src/connection/this-machine.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'
import { tried } from '../support/tier.js'

const LONG = { timeout: 30_000 }
/** Ends what a host may say: in the shell that reads requests, these hold the marks. */
const end = (code: string) => `printf '%s ${code}\\n' "$clonedeploy_mark:end" | tee /dev/stderr; sleep 30`

const local = {
  name: 'this machine',
  start: async () => {
    const host = { name: 'h1', host: 'localhost', roles: [], deployTo: '/tmp', env: {} }
    return { connect: () => connectLocal(host, LONG), stop: async () => {} }
  },
}
const over = (name: string, by: typeof connectSsh | typeof connectOpenssh) => ({
  name,
  start: async () => {
    const fleet: TestFleet = await startFleet({ hosts: 1 })
    const connect = by({ configFile: fleet.sshConfigFile, connectTimeout: 10_000, concurrency: 32 })
    return { connect: () => connect(fleet.host(1), LONG), stop: fleet.stop }
  },
})
const transports = [local, over('ssh', connectSsh), over('the system’s ssh', connectOpenssh)]

for (const { name, start } of transports) {
  describe.skipIf(!sshdIsHere())(`a hostile host over ${name}`, () => {
    let world: { connect: () => Promise<Connection>; stop: () => Promise<void> }
    let connection: Connection

    beforeAll(async () => {
      world = await start()
      connection = await world.connect()
    })
    afterAll(async () => {
      connection.close()
      await world.stop()
    })

    it.each([
      ['without a newline', "yes | tr -d '\\n'"],
      ['in endless lines', 'yes'],
    ])('that answers a waiting script %s is given up, after little of it', async (_, text) => {
      const before = connection.bytesReceived()
      const waiting = connection.open(new Script('arm', text), LONG)
      const { code, lost } = await waiting.result
      expect([code, lost?.message]).toEqual([null, 'h1 answered with more than 64 kB: arm was given up'])
      expect(connection.bytesReceived() - before).toBeLessThan(8 << 20)
      expect((await connection.run(new Script('next', 'echo next'), LONG)).stdout.toString()).toBe('next\n')
    })

    const cases = [
      { does: 'an endless answer', text: 'yes', why: 'answered with more than 8 MB' },
      { does: 'an empty exit code', text: end(''), why: 'ended its answer with something that is no exit code' },
      {
        does: 'two exit codes',
        text: `printf '%s 0\\n' "$clonedeploy_mark:end"; printf '%s 1\\n' "$clonedeploy_mark:end" >&2; sleep 30`,
        why: 'told two exit codes, 0 and 1',
      },
      {
        does: 'an exit code without an end',
        text: `printf '%s ' "$clonedeploy_mark:end"; yes 1 | tr -d '\\n'`,
        why: 'ended its answer with something that is no exit code',
      },
      { does: 'endless complaints', text: 'yes >&2', why: 'answered with more than 64 MB' },
    ]
    it.each(tried(cases, (_, i) => i < 2))('that gives $does is not believed', async ({ text, why }) => {
      const { code, lost } = await connection.run(new Script('test', text), LONG)
      expect([code, lost?.message]).toEqual([null, `h1 ${why}: test was given up`])
      expect((await connection.run(new Script('next', 'echo next'), LONG)).stdout.toString()).toBe('next\n')
    })

    it('gives all of an answer as long as we asked for', async () => {
      const script = new Script('read', 'head -c 20000000 /dev/zero')
      const { code, stdout } = await connection.run(script, { ...LONG, most: 20_000_000 })
      expect([code, stdout.length]).toEqual([0, 20_000_000])
    })

    it('that prints what its program prints may do so without end, and we keep the last of it', async () => {
      const script = new Script('hook', 'head -c 20000000 /dev/zero; echo the end')
      const { code, stdout } = await connection.run(script, { ...LONG, endless: true })
      expect([code, stdout.length, stdout.subarray(-8).toString()]).toEqual([0, 8 << 20, 'the end\n'])
    })
  })
}

describe.skipIf(!sshdIsHere())('a login shell that prints without end', () => {
  it.each([
    ['our own ssh', connectSsh],
    ['the system’s ssh', connectOpenssh],
  ])('is refused before the time for its start is over, by %s', async (_, by) => {
    const fleet = await startFleet({ hosts: 1, sshdConfig: () => ['ForceCommand yes welcome'] })
    const connect = by({ configFile: fleet.sshConfigFile, connectTimeout: 10_000, concurrency: 32 })
    const error = await connect(fleet.host(1), LONG).catch(error => error)
    await fleet.stop()
    expect(error).toMatchObject({ name: 'ConnectError', kind: 'shell' })
    expect(error.details).toContain('it printed  welcome')
    expect(error.cause?.message).toBe('h1 said more than 1 MB before its answer: greet was given up')
  })
})

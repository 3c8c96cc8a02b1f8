import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectSsh } from '../../src/connection/ssh2/ssh2.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'

const HOSTS = 32

describe.skipIf(!sshdIsHere())(`${HOSTS} hosts at once`, () => {
  let fleet: TestFleet
  beforeAll(async () => {
    fleet = await startFleet({ hosts: HOSTS + 1, sshdConfig: i => (i > HOSTS ? ['MaxStartups 4:30:6'] : []) })
  })
  afterAll(() => fleet.stop())

  const connector = () => connectSsh({ configFile: fleet.sshConfigFile, connectTimeout: 60_000, concurrency: 32 })

  it('are connected, run a script each, and are let go', async () => {
    const connect = connector()
    const hosts = fleet.hosts.slice(0, HOSTS)
    const connections = await Promise.all(hosts.map(host => connect(host, { timeout: 60_000 })))
    const results = await Promise.all(
      connections.map((each, n) => each.run(new Script('test', `echo ${n}`), { timeout: 60_000 })),
    )
    expect(results.map(each => each.stdout.toString())).toEqual(hosts.map((_, n) => `${n}\n`))
    for (const each of connections) each.close()
    expect(await Promise.all(connections.map(each => each.closed))).toEqual(hosts.map(() => null))
  })

  it('get through a jump host that takes few logins at a time', async () => {
    const connect = connector()
    const hosts = fleet.hosts.slice(0, HOSTS).map(host => ({ ...host, jump: `h${HOSTS + 1}` }))
    const connections = await Promise.all(hosts.map(host => connect(host, { timeout: 60_000 })))
    const results = await Promise.all(
      connections.map(each => each.run(new Script('test', 'exit 3'), { timeout: 60_000 })),
    )
    expect(new Set(results.map(each => each.code))).toEqual(new Set([3]))
    for (const each of connections) each.close()
  })

  it('one of them being away is the business of that one alone', async () => {
    await fleet.stopHost(7)
    const connect = connector()
    const tried = await Promise.allSettled(fleet.hosts.slice(0, HOSTS).map(host => connect(host, { timeout: 60_000 })))
    await fleet.startHost(7)
    const failed = tried.flatMap(each => (each.status === 'rejected' ? [each.reason] : []))
    for (const each of tried) if (each.status === 'fulfilled') each.value.close()
    expect(failed).toHaveLength(1)
    expect(failed[0]).toMatchObject({ host: 'h7', kind: 'refused' })
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connection } from '../../src/connection/connection.js'
import { connectLocal } from '../../src/connection/this-machine.js'
import { finishAll } from '../../src/fleet/transaction/confirm.js'
import type { HostRun, Run } from '../../src/fleet/transaction/run.js'
import { Script } from '../../src/scripts/shell/shell.js'

describe('a confirmed host', () => {
  let connection: Connection
  beforeAll(async () => {
    connection = await connectLocal({ name: 'h1', host: 'h1', roles: [], deployTo: '/', env: {} }, { timeout: 20_000 })
  })
  afterAll(() => connection.close())

  it.each([
    ['serves the release', ':', 'echo current releases/b', 'releases/b', null],
    ['serves another one', ':', 'echo current releases/a', 'releases/a', 'read back'],
    ['serves nothing', ':', 'echo absent', null, 'read back'],
    ['serves something that is no link', ':', 'echo other', undefined, 'read back'],
    ['cannot be read', ':', 'echo current releases/b; exit 1', undefined, 'read back'],
    ['serves the release, which it could not record', 'exit 1', 'echo current releases/b', 'releases/b', null],
    ['serves another one, which it could not record', 'exit 1', 'echo current releases/a', 'releases/a', 'read back'],
  ])('that %s is read again before the end', async (_, finish, look, target, step) => {
    const ask = (name: string, text: string) => ({ script: new Script(name, text), text: name, timeout: 20_000 })
    const plan = { prune: null, record: null, finish: ask('finish', finish), look: ask('look', look) }
    const host = { name: 'h1', session: connection, plan, failure: null, gone: null } as unknown as HostRun
    const run = { hosts: [host], plan: { release: 'b' }, concurrency: 1, without: null, emit: () => {}, warnings: [] }
    const halt = await finishAll(run as unknown as Run)
    expect(host.current).toEqual(target === undefined ? { kind: 'unknown' } : { kind: 'known', target })
    expect(host.failure?.step ?? null).toBe(step)
    expect(halt !== null).toBe(step !== null)
  })

  it.each([
    ['prune', 'exit 1', ['h1: old releases could not be removed']],
    ['record', 'exit 1', ['h1: this could not be done: record']],
    ['record', ':', []],
  ])('goes on to the end of a transaction after its %s: %s', async (name, text, warnings) => {
    const ask = (one: string, what: string) => ({ script: new Script(one, what), text: one, timeout: 20_000 })
    const end = { finish: ask('finish', ':'), look: ask('look', 'echo current releases/b') }
    const plan = { prune: null, record: null, ...end, [name]: ask(name, text) }
    const host = {
      name: 'h1',
      session: connection,
      plan,
      failure: null,
      gone: null,
      locked: true,
    } as unknown as HostRun
    const run = {
      hosts: [host],
      plan: { release: 'b' },
      concurrency: 1,
      without: null,
      emit: () => {},
      warnings: [] as string[],
    }
    expect(await finishAll(run as unknown as Run)).toBe(null)
    expect(run.warnings).toEqual(warnings)
    expect(host.locked).toBe(false)
  })
})

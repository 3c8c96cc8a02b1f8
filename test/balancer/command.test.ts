import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { commandBalancer, parseState } from '../../src/balancer/command.js'
import { machineFor } from '../../src/balancer/machine.js'
import { connectLocal } from '../../src/connection/this-machine.js'

describe('what a state command prints', () => {
  it.each([
    ['ready', { state: 'ready', up: true, sessions: null }],
    ['UP 4\n', { state: 'ready', up: true, sessions: 4 }],
    ['down', { state: 'ready', up: false, sessions: null }],
    ['draining 0', { state: 'drain', up: false, sessions: 0 }],
    ['maint', { state: 'maint', up: false, sessions: null }],
    ['', null],
    ['healthy?', null],
  ])('%j is understood', (text, expected) => {
    expect(parseState(text)).toEqual(expected)
  })
})

describe('a balancer that is told by commands', () => {
  const root = mkdtempSync(join(tmpdir(), 'clonedeploy-command-'))
  const here = { name: 'local', host: 'local', roles: [], deployTo: '/', env: {} }
  const door = machineFor(here, { remote: connectLocal, local: connectLocal }, 10_000)
  afterAll(() => {
    door.close()
    rmSync(root, { recursive: true })
  })
  const servers = new Map(
    ['h1', 'h2'].map(name => [
      name,
      { server: `s-${name}`, variables: { CLONEDEPLOY_SERVER: `s-${name}`, CLONEDEPLOY_HOST: name } },
    ]),
  )
  const balancer = (more: object = {}) =>
    commandBalancer({
      door,
      root,
      drain: 'echo drain >"$CLONEDEPLOY_SERVER"',
      ready: 'echo ready >"$CLONEDEPLOY_SERVER"',
      state: 'cat "$CLONEDEPLOY_SERVER"',
      servers,
      ...more,
    })

  it('is told and read for each host', async () => {
    for (const name of ['s-h1', 's-h2']) writeFileSync(join(root, name), 'up 1')
    const { check, tell, read, serverOf } = balancer()
    expect(await check()).toEqual([])
    await tell(['h2'], 'drain')
    expect(readFileSync(join(root, 's-h2'), 'utf8')).toBe('drain\n')
    expect(Object.fromEntries(await read(['h1', 'h2']))).toEqual({
      h1: { state: 'ready', up: true, sessions: 1 },
      h2: { state: 'drain', up: false, sessions: null },
    })
    await tell(['h2'], 'ready')
    expect((await read(['h2'])).get('h2')).toMatchObject({ state: 'ready' })
    expect(serverOf('h2')).toBe('s-h2')
  })

  it('is refused by what its commands say', async () => {
    await expect(balancer({ drain: 'echo no such target >&2; exit 4' }).tell(['h1'], 'drain')).rejects.toThrow(
      '`echo no such target >&2; exit 4` failed for h1: no such target',
    )
    await expect(balancer({ state: 'echo perhaps' }).read(['h1'])).rejects.toThrow('should print ready, drain')
    expect(await balancer({ state: 'exit 3' }).check()).toHaveLength(2)
  })

  it('without a state command cannot be read', async () => {
    expect((await balancer({ state: null }).read(['h1'])).get('h1')).toMatchObject({ state: 'unknown' })
  })
})

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { machineFor } from '../../src/balancer/machine.js'
import { markServers, nginx as nginxBalancer, readUpstreams } from '../../src/balancer/nginx.js'
import { connectLocal } from '../../src/connection/this-machine.js'

const text = `upstream web {
  server 10.0.0.1:80 max_fails=2; # first
  server 10.0.0.1:81;
\tserver 10.0.0.11:80 down;
  server web-4 weight=2 down max_fails=1;
  # server 10.0.0.1:82;
}
`

describe('an upstream file', () => {
  it.each([
    ['one port', ['10.0.0.1:81'], true, ['  server 10.0.0.1:81 down;']],
    [
      'every port of an address',
      ['10.0.0.1'],
      true,
      ['  server 10.0.0.1:80 max_fails=2 down; # first', '  server 10.0.0.1:81 down;'],
    ],
    ['one that is marked', ['10.0.0.11'], true, []],
    ['one that is marked no more', ['10.0.0.11'], false, ['\tserver 10.0.0.11:80;']],
    ['a name', ['web-4'], false, ['  server web-4 weight=2 max_fails=1;']],
    ['nobody', ['10.0.0'], true, []],
  ])('of which %s is marked changes there only', (_, addresses, down, lines) => {
    const marked = markServers(text, addresses, down)
    expect(marked.split('\n').filter((line, i) => line !== text.split('\n')[i])).toEqual(lines)
    expect(marked.split('\n')).toHaveLength(text.split('\n').length)
  })

  it('says who is out of service, and who is not in it', () => {
    const read = readUpstreams(text, ['10.0.0.1', '10.0.0.11:80', 'web-4', '10.0.0.2'])
    expect([...read].map(([name, { state }]) => [name, state])).toEqual([
      ['10.0.0.1', 'ready'],
      ['10.0.0.11:80', 'drain'],
      ['web-4', 'drain'],
    ])
  })
})

describe('an upstream file on a host', () => {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-nginx-'))
  const file = join(dir, 'upstream.conf')
  const reloads = join(dir, 'reloads')
  const door = machineFor(
    { name: 'local', host: 'local', roles: [], deployTo: '/', env: {} },
    { remote: connectLocal, local: connectLocal },
    10_000,
  )
  const balancer = (more: object = {}) =>
    nginxBalancer({
      door,
      upstreamFile: file,
      test: 'true',
      reload: `cat '${file}' >'${reloads}'`,
      servers: new Map([
        ['h1', '127.0.0.1:8001'],
        ['h2', '127.0.0.1:8002'],
      ]),
      ...more,
    })
  const lines = (end = '') => `upstream web {\n  server 127.0.0.1:8001${end};\n  server 127.0.0.1:8002;\n}\n`

  beforeEach(() => writeFileSync(file, lines()))
  afterAll(() => {
    door.close()
    rmSync(dir, { recursive: true, force: true })
  })

  it('says who is drained, and nginx reads it again', async () => {
    const { check, read, tell } = balancer()
    expect(await check()).toEqual([])
    await tell(['h1'], 'drain')
    expect(readFileSync(reloads, 'utf8')).toBe(lines(' down'))
    expect([...(await read(['h1', 'h2'])).values()].map(({ state }) => state)).toEqual(['drain', 'ready'])
    await tell(['h1', 'h2'], 'ready')
    expect(readFileSync(reloads, 'utf8')).toBe(lines())
  })

  it('is left as it was when it would not take the file, and says why', async () => {
    const broken = balancer({ test: `grep -q down '${file}' && { echo 'emerg: no' >&2; exit 1; }; true` })
    await expect(broken.tell(['h1'], 'drain')).rejects.toThrow('was not changed: emerg: no')
    expect(readFileSync(file, 'utf8')).toBe(lines())
  })

  it('is refused when a host has no line in it, or when the file is not there', async () => {
    const unknown = balancer({ servers: new Map([['h9', '10.9.9.9']]) })
    expect((await unknown.check())[0]?.text).toContain('has no line `server 10.9.9.9 …;`')
    await expect(unknown.read(['h9'])).rejects.toThrow('has no line')
    expect((await balancer({ upstreamFile: '/nowhere.conf' }).check())[0]?.text).toContain('no file that can be read')
  })
})

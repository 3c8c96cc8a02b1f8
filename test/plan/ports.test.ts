import { beforeAll, describe, expect, it } from 'vitest'
import { astrayText, homePort, portStates, portsText, strandedText } from '../../src/release/ports.js'
import { planSteps } from '../../src/render/reports/plan-steps.js'
import { planned, ranBy } from './plans.js'
import { idOf, release } from './states.js'

const restart = { ports: [3001, 3002], systemd: 'shop@' }
const health = { url: 'http://127.0.0.1:$CLONEDEPLOY_PORT/up' }
const balancer = { haproxy: { host: 'lb-1', socket: '/run/haproxy.sock', backend: 'web' } }
const input = { restart, health, balancer }
const served = (...links: readonly (string | null)[]) => ({
  release: 'a',
  links: Object.fromEntries(links.flatMap((id, n) => (id === null ? [] : [[3001 + n, id]]))),
})

describe('a host with a process for each of two ports', () => {
  it.each([
    ['the one whose link names what current names', served(null, 'a'), [3001], 3002],
    ['the one that users are sent to, where both do', served('a', 'a'), [3002], 3002],
    ['the one that users are sent to, where nothing was started yet', served(), [3002], 3002],
    ['the one without a link, where that of the other names another release', served(null, 'b'), [3002], 3001],
    ['the first, where nobody is sent anywhere', served(), [], 3001],
    ['the one where somebody answers, where nothing was started yet', served(), [3002, 3001], 3002],
  ])('serves on %s', (_, links, ready, home) => {
    expect(homePort([3001, 3002], links, ready)).toBe(home)
  })

  it.each([
    ['its own port', served('a'), [3001], null],
    ['no port: somebody took it out', served('a', 'b'), [], null],
    ['both, and nothing was started on the other', served('a'), [3001, 3002], null],
    ['the other', served('a', 'b'), [3002], 'port 3002 (b on 3002), and current is a, on 3001'],
    [
      'the other, where nothing runs',
      served('a'),
      [3002],
      'port 3002 (nothing of ours on 3002), and current is a, on 3001',
    ],
    ['both', served('a', 'b'), [3001, 3002], 'both of its ports (b on 3002), and current is a, on 3001'],
  ])('has its users on %s', (_, links, ready, text) => {
    expect(astrayText([3001, 3002], links, ready)).toBe(text)
  })

  it.each([
    ['serves on one of them', [3001, 3002], served('a'), true, null],
    ['has nothing', [3001, 3002], { release: null, links: {} }, false, null],
    ['serves without ports, at one of them', [3001, 3002], served(), true, null],
    [
      'serves without ports, at none of them',
      [3001, 3002],
      served(),
      false,
      'it serves a without ports, and neither 3001 nor 3002 has users: those of today would stay where they are',
    ],
    [
      'serves on another',
      [4001, 4002],
      served('a'),
      true,
      'it serves on port 3001, which is none of 4001 and 4002: its users would stay there',
    ],
    ['serves on one that stays', [3001, 4001], served('a'), false, null],
    [
      'has no ports any more',
      null,
      served('a'),
      true,
      'it serves on port 3001, and no ports are configured any more: its users would stay there',
    ],
    ['never had any', null, served(), false, null],
    [
      'has one left of a dead run',
      [3001, 4001],
      served('a', 'b'),
      true,
      'b was started on port 3002, and is not what it serves',
    ],
  ] as const)('that %s goes on by ports of the configuration, or not', (_, pair, links, hasUsers, text) => {
    expect(strandedText(pair, links, hasUsers)?.text ?? null).toBe(text)
  })

  const [lb1, lb2] = ['HAProxy lb-1 web', 'HAProxy lb-2 web']
  const sends = (...to: readonly (readonly [string, readonly number[]])[]) => new Map(to)
  const onPort = (port: number, release: string | null, serves: boolean, users: readonly string[] | null) => ({
    port,
    release,
    serves,
    users,
  })

  it.each([
    [
      'serves on one, with all users',
      served('a'),
      sends([lb1, [3001]], [lb2, [3001]]),
      [onPort(3001, 'a', true, [lb1, lb2]), onPort(3002, null, false, [])],
      '3001',
    ],
    [
      'has users on the other, by one balancer',
      served('a', 'b'),
      sends([lb1, [3001]], [lb2, [3002]]),
      [onPort(3001, 'a', true, [lb1]), onPort(3002, 'b', false, [lb2])],
      '3001, users on 3001 and 3002',
    ],
    [
      'has users on the other',
      served('b', 'a'),
      sends([lb1, [3001]]),
      [onPort(3001, 'b', false, [lb1]), onPort(3002, 'a', true, [])],
      '3002, users on 3001',
    ],
    [
      'has no users',
      served('a'),
      sends([lb1, []]),
      [onPort(3001, 'a', true, []), onPort(3002, null, false, [])],
      '3001, no users',
    ],
    [
      'is behind a balancer that could not be read',
      served('a'),
      sends(),
      [onPort(3001, 'a', true, null), onPort(3002, null, false, null)],
      '3001',
    ],
    [
      'was not started by us',
      served(),
      sends([lb1, [3002]]),
      [onPort(3001, null, false, []), onPort(3002, null, true, [lb1])],
      '3002',
    ],
    [
      'serves nothing',
      { release: null, links: {} },
      sends([lb1, [3001, 3002]]),
      [onPort(3001, null, false, [lb1]), onPort(3002, null, false, [lb1])],
      'none, users on 3001 and 3002',
    ],
  ] as const)('that %s is told with both of its ports', (_, links, ready, states, text) => {
    const found = portStates([3001, 3002], links, ready)
    expect(found).toEqual(states)
    expect(portsText(found)).toBe(text)
  })

  it('is told with a port that is not configured any more', () => {
    const found = portStates([4001, 4002], served('a'), sends([lb1, []]))
    expect(found.map(({ port, serves }) => [port, serves])).toEqual([
      [4001, false],
      [4002, false],
      [3001, true],
    ])
    expect(portStates(null, served('a'), sends())).toEqual([onPort(3001, 'a', true, null)])
    expect(portStates(null, served(), sends())).toEqual([])
  })

  it('has the release started and asked on the idle port, and the old one ended when all have confirmed', async () => {
    const plan = await planned('deploy', input, { 'web-1': { ports: { 3002: idOf(3) } } })
    expect(plan.hosts.map(({ flip }) => flip)).toEqual([
      { to: 3001, back: 3002, keeps: false },
      { to: 3002, back: 3001, keeps: false },
      { to: 3002, back: 3001, keeps: false },
    ])
    const told = plan.phases.map(({ name, onFailure }) => `${name}: ${onFailure}`)
    expect(told.filter(line => /home|warm|swap|switch|confirm|cool/.test(line))).toEqual([
      'home: discard',
      'warm: discard',
      'swap: restore',
      'switch: restore',
      'confirm: repair',
      'cool: end',
    ])
    const [one] = plan.hosts
    const texts = [...(one?.warm ?? []), ...(one?.warmReady ?? []), ...(one?.cool ?? []), ...(one?.coolBack ?? [])]
    expect(texts.map(({ text }) => text)).toEqual([
      'systemctl start shop@3001',
      'GET http://127.0.0.1:3001/up = 200 within 30s',
      'systemctl stop shop@3002',
      'systemctl stop shop@3001',
    ])
    expect(one?.restart).toEqual([])
    expect(one?.restartOld.map(({ text }) => text)).toEqual(['systemctl start shop@3002'])
    expect(one?.healthOld.map(({ text }) => text)).toEqual(['GET http://127.0.0.1:3002/up = 200 within 30s'])
  })

  it.each([
    ['ended there, where it was started there by hand', { 3001: idOf(3) }, 'systemctl stop shop@3001'],
    ['left alone, where its own unit started it', {}, 'nothing was left to be ended'],
  ])('was deployed without ports before, and the old one is %s', async (_, ports, text) => {
    const old = {
      restart: [],
      health: [],
      prepare: [],
      writable: [],
      shared: { dirs: [], files: [] },
      env: {},
      hostEnv: {},
    }
    const plan = await planned('deploy', input, { 'web-1': { ports, releases: [release(3, { run: old })] } })
    expect(plan.hosts[0]?.cool.map(one => one.text)).toEqual([text])
  })

  let ran: unknown
  beforeAll(async () => {
    ran = await ranBy(input)
  })

  it.each([
    ['names no ports any more', {}, { 3001: idOf(3) }, 3001, 'systemctl start shop@3001'],
    [
      'names others',
      { ...input, restart: { ports: [4001, 4002], systemd: 'shop@' } },
      { 3002: idOf(3) },
      3002,
      'systemctl start shop@3002',
    ],
  ] as const)('is asked on the port that serves it, where the configuration %s', async (_, config, ports, port, start) => {
    const plan = await planned('deploy', config, { 'web-1': { ports, releases: [release(3, { run: ran })] } })
    const [one] = plan.hosts
    expect(one?.healthOld.map(({ text }) => text)).toEqual([`GET http://127.0.0.1:${port}/up = 200 within 30s`])
    expect(one?.restartOld.map(({ text }) => text)).toEqual([start])
  })

  it('is started and asked as it is configured today, where it was moved off its ports by hand', async () => {
    const config = { restart: 'systemctl restart shop', health: { url: 'http://127.0.0.1:3000/up' } }
    const plan = await planned('deploy', config, { 'web-1': { ports: {}, releases: [release(3, { run: ran })] } })
    const [one] = plan.hosts
    expect(one?.healthOld.map(({ text }) => text)).toEqual(['GET http://127.0.0.1:3000/up = 200 within 30s'])
    expect(one?.restartOld.map(({ text }) => text)).toEqual(['systemctl restart shop'])
  })

  const commands = (ports: readonly number[]) => ({ restart: { ports, start: 'old start', stop: 'old stop' } })
  it.each([
    [
      'by its own commands, where its ports are those of today',
      commands([3001, 3002]),
      'CLONEDEPLOY_PORT=3002 old start',
    ],
    ['as it is configured today, where its ports were others', commands([4001, 4002]), 'systemctl start shop@3002'],
    ['as it is configured today, where it had no ports', { restart: 'old' }, 'systemctl start shop@3002'],
  ] as const)('starts a release that was deployed before %s', async (_, then, start) => {
    const run = await ranBy({ ...then, balancer: 'ports' in Object(then.restart) ? balancer : undefined })
    const releases = [release(4, { run }), release(3)]
    const plan = await planned('restart', input, { 'web-1': { ports: { 3001: idOf(3) }, releases } })
    expect(plan.hosts[0]?.warm.map(({ text }) => text)).toEqual([start])
  })

  it('is told in the dry run', async () => {
    const steps = planSteps(await planned('deploy', input)).map(({ text }) => text)
    const from = steps.indexOf('systemctl start shop@3002')
    expect(steps.slice(from, from + 5)).toEqual([
      'systemctl start shop@3002',
      'GET http://127.0.0.1:3002/up = 200 within 30s, else nothing is swapped',
      `rename current → releases/${idOf(4)}`,
      'the balancer: users → port 3002, all at once',
      'GET http://127.0.0.1:3002/up = 200 within 30s, else all 3 hosts go back',
    ])
  })

  it('is asked whether its idle port takes connections, where no health check asks it', async () => {
    const plan = await planned('deploy', { restart, balancer })
    expect(plan.hosts[0]?.warmReady.map(({ text }) => text)).toEqual(['connect to 127.0.0.1:3002 = open within 60s'])
  })

  it('has what a dead run left on the idle port ended first', async () => {
    const left = { warm: idOf(2), ports: { 3001: idOf(3), 3002: idOf(2) } }
    const plan = await planned('deploy', input, { 'web-2': left })
    expect(plan.hosts.map(({ leftWarm }) => leftWarm.map(({ text }) => text))).toEqual([
      [],
      ['systemctl stop shop@3002'],
      [],
    ])
    expect(plan.hosts[1]?.prepare[0]?.name).toBe('push')
  })

  it('has a release that is served started anew on the other port by a restart', async () => {
    const plan = await planned('restart', input, { 'web-1': { ports: { 3001: idOf(3) } } })
    expect(plan.phases.map(({ name }) => name)).toEqual(['lock', 'home', 'warm', 'switch', 'restart', 'health', 'cool'])
    expect(plan.hosts[0]?.flip).toEqual({ to: 3002, back: 3001, keeps: false })
    expect(plan.hosts[0]?.warm.map(({ text }) => text)).toEqual(['systemctl start shop@3002'])
  })
})

import { describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.js'
import { planSweep } from '../../src/plan/repair.js'
import type { Intent } from '../../src/plan/transaction.js'
import { vouched } from '../../src/state/evidence/vouched-record.js'
import type { Excluded, FleetRecord, HostState } from '../../src/state/host-state.js'
import { shipped } from '../../src/state/protocol-times.js'
import { host, idOf, record } from './states.js'

const config = {
  app: 'shop',
  stage: 'production',
  restart: [],
  health: [],
  prepare: [],
  env: {},
  secrets: {},
  hosts: [{ name: 'a' }, { name: 'b' }],
} as unknown

/** What the hosts of a run keep of it once they have confirmed. */
function recordOf(
  states: readonly HostState[],
  more: Partial<Intent> = {},
  gone: readonly Excluded[] = [],
): FleetRecord {
  const intent: Intent = {
    config: { ...(config as Config), canaryCheck: null, oldProcesses: 'auto', logs: [] } as unknown as Config,
    hosts: states.map(state => ({
      host: { name: state.name, host: state.name, roles: [], deployTo: '/srv', env: {} },
      state,
    })),
    command: 'deploy',
    tx: 't9',
    who: 'anna',
    from: 'laptop',
    process: null,
    at: '2026-01-09T00:00:00Z',
    reason: '',
    secrets: {},
    release: idOf(9),
    digest: 'sha256:9',
    revision: null,
    unresolved: 'refuse',
    times: shipped,
    record: vouched(states).record,
    ...more,
  }
  const plan = planSweep(intent, [])
  return JSON.parse(gone.length === 0 ? plan.record : plan.without(gone).record)
}

const left = (name: string): Excluded => ({ host: name, reason: 'burnt', by: 'anna', at: 'noon' })
const saying = (name: string, seq: number, more: Partial<FleetRecord> = {}) =>
  host(name, { fleet: { ...record(seq, 3), ...more } })

describe('the record of a run', () => {
  it.each<[string, HostState[], Partial<Intent>, number]>([
    ['the newest', [saying('a', 3), saying('b', 7)], {}, 8],
    ['one that a host may have which is left out', [saying('a', 7)], { excluded: [left('b')] }, 9],
    ['that of the only host', [saying('a', 5000)], {}, 5001],
    ['that of the only host that has any', [saying('a', 5000), host('b', { fleet: null })], {}, 5001],
    ['none', [host('a', { fleet: null })], {}, 1],
    ['no number that one host forged', [saying('a', 3), saying('b', 3), saying('c', 1e12)], {}, 4],
    ['no number that one host forged, to one other', [saying('a', 3), saying('b', 1e12)], {}, 4],
  ])('goes after %s', (_, states, more, seq) => expect(recordOf(states, more).seq).toBe(seq))

  it('names the hosts of the inventory, as far as there is room', () => {
    const a = saying('a', 3, { hosts: ['a', 'gone'] })
    expect(recordOf([a]).hosts).toEqual(['a', 'b'])
    const hosts = Array.from({ length: 1001 }, (_, i) => ({ name: `h${i}` }))
    expect(recordOf([a], { config: { ...(config as object), hosts } as unknown as Config }).hosts).toBeUndefined()
  })

  it('keeps who was left out and is not back', () => {
    const excluded = [left('a'), left('y'), left('z')]
    const states = [saying('a', 3, { excluded }), saying('b', 3, { excluded })]
    expect(recordOf(states, { excluded: [left('x')] }).excluded).toEqual([left('y'), left('z'), left('x')])
  })

  it('forgets who was left out when the command that lists the hosts does not list them any more', () => {
    const excluded = [left('y'), left('b')]
    const listed = { ...(config as Config), hostsCommand: { command: 'list', timeout: 1, roles: null } }
    const states = [saying('a', 3, { excluded }), saying('c', 3, { excluded })]
    expect(recordOf(states, { config: listed }).excluded).toEqual([left('b')])
  })

  it('goes, without a host that is gone, before the one that this host may have got, also where its number was the highest', () => {
    const states = [saying('a', 3), saying('b', 7)]
    const [whole, rest] = [recordOf(states), recordOf(states, {}, [left('b')])]
    expect(rest).toMatchObject({ excluded: [left('b')], hosts: ['a'], tx: whole.tx, release: whole.release })
    expect(rest.seq).toBeGreaterThan(whole.seq)
  })

  it('leaves out nobody whom one host alone leaves out', () => {
    const excluded = [left('z')]
    expect(recordOf([saying('a', 3), saying('b', 3), saying('c', 1e9, { excluded })]).excluded).toEqual([])
    expect(recordOf([saying('a', 3), saying('b', 3, { excluded })]).excluded).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.js'
import { loadConfig } from '../../src/config/load/load.js'
import { Refusal, UsageError } from '../../src/errors.js'
import { parseInspect } from '../../src/fleet/read/parse-inspect.js'
import type { Host } from '../../src/inventory/host.js'
import { earlierFor, othersToMend } from '../../src/plan/join.js'
import { planBring, planPutBack, planSweep } from '../../src/plan/repair.js'
import { chooseRollback, planRollback } from '../../src/plan/rollback.js'
import { healthSteps, type Intent } from '../../src/plan/transaction.js'
import { isReleaseId, isTransactionId } from '../../src/release/id.js'
import { retired } from '../../src/release/retention.js'
import { noPaint } from '../../src/render/paint.js'
import { releasesJson, releasesText } from '../../src/render/reports/releases.js'
import { repairJson, repairText } from '../../src/render/reports/repair.js'
import { statusText } from '../../src/render/reports/status.js'
import { knownTools } from '../../src/scripts/read/inspect.js'
import { assess } from '../../src/state/assess-fleet.js'
import { beyondRepair, decideRepair } from '../../src/state/decide-repair.js'
import { openDrains } from '../../src/state/drains.js'
import { vouched } from '../../src/state/evidence/vouched-record.js'
import type { HostState } from '../../src/state/host-state.js'
import { problemsOf, warningsOf } from '../../src/state/preflight.js'
import { shipped } from '../../src/state/protocol-times.js'
import { confirmedReleases, currentRelease, listReleases, mostCommon } from '../../src/state/releases.js'
import { jsonProject, minimal } from '../config/project.js'
import { type Dice, dice } from '../faults/dice.js'
import { fuzzLimit, oddValue, seeds } from '../fuzz/damage.js'
import { acting, textsIn } from '../support/evil.js'

const [older, newer] = ['20260101-000000-aaaaaaa', '20260102-000000-bbbbbbb'] as const
const [t1, t2] = ['0a'.repeat(22), '0b'.repeat(22)] as const
const digest = (of: string) => `sha256:${of.repeat(64)}`
const by = { by: 'anna', at: '2026-01-02T00:00:00Z' }

const limits = { timeout: 1000, tryTimeout: 1000, roles: null }
const run = {
  restart: [{ run: 'true', once: false, roles: null, timeout: 1000 }],
  health: [
    {
      kind: 'http',
      url: 'http://127.0.0.1:$PORT/',
      status: 200,
      contains: null,
      headers: {},
      release: null,
      ...limits,
    },
    { kind: 'tcp', address: '127.0.0.1:3000', ...limits },
    { kind: 'command', run: 'true', ...limits },
  ],
  prepare: [],
  writable: [],
  shared: { dirs: ['uploads'], files: [] },
  env: { PORT: '3000' },
  hostEnv: {},
}

/** What a host answers on which a run died after it had swapped. */
function answer(): string[] {
  return [
    'user deploy',
    'home /home/deploy',
    'shell /bin/sh',
    'root /srv/shop',
    'clock 1767312000',
    ...knownTools.map(tool => `tool ${tool}`),
    'kind folder',
    'writable yes',
    'disk /dev/sda1 100000000 60 40000000 60% /srv',
    'inodes /dev/sda1 1000000 400 600000 40% /srv',
    'missing .env',
    `current link yes ${newer} releases/${newer}`,
    `release ${newer}`,
    `revision ${newer} c0ffee`,
    `seal ${newer} - ${JSON.stringify({ digest: digest('b'), extra: 1, tx: t2, ...by })}`,
    `run ${newer} ${JSON.stringify(run)}`,
    `confirmed ${older}`,
    `release ${older}`,
    `revision ${older} decaf`,
    `seal ${older} ${'a'.repeat(64)} ${JSON.stringify({ digest: digest('a'), extra: 1, tx: t1, ...by })}`,
    `bad ${older} health: it was slow`,
    'epoch 2',
    'held 700',
    `holder ${JSON.stringify({ tx: t2, who: 'anna', from: 'laptop', command: 'deploy', reason: '', since: by.at })}`,
    `tx ${t1} swapped confirmed ${older} `,
    `tx ${t2} swapped - ${newer} releases/${older}`,
    `lease ${t2} 700`,
    `fleet ${JSON.stringify({ seq: 3, release: older, digest: digest('a'), previous: null, tx: t1, ...by, app: 'shop', stage: 'default', excluded: [{ host: 'web-9', reason: 'disk', ...by }], hosts: ['web-1', 'web-9'] })}`,
    `drained ${JSON.stringify({ seq: 1, tx: t1, ...by, out: ['HAProxy web web-1'] })}`,
    `maintenance ${JSON.stringify({ ...by, reason: 'disk', out: [] })}`,
    `history ${JSON.stringify({ ...by, command: 'deploy', release: older, previous: null })}`,
  ]
}

const odd: readonly string[] = [
  '',
  '-',
  '?',
  'null',
  'true',
  '5',
  '-1',
  '1e999',
  '99999999999999999999',
  '[]',
  '{}',
  '"',
  '{"seq":{}}',
  '../../x',
  '..',
  '-rf',
  'releases/../../../etc',
  '\x1b[2J\x1b]0;gone\x07',
  '\xc2\x9b31m',
  '\xe2\x80\xae',
  '\x00\xff\xfe',
  'a b c d e f',
  'x'.repeat(5000),
  '__proto__',
  'constructor',
  newer,
  older,
  t1,
  t2,
  'confirmed',
  'reverted',
  'unserved',
  'armed',
]

/** One thing after another that somebody could make of it. */
function damaged(lines: string[], with_: Dice): string[] {
  const { roll, pick } = with_
  const at = roll(lines.length) - 1
  const line = lines[at] ?? ''
  const words = line.split(' ')
  switch (roll(6)) {
    case 1:
      return lines.filter((_, i) => i !== at)
    case 2:
      return lines.with(at, line.slice(0, roll(line.length + 1) - 1))
    case 3:
      return lines.toSpliced(at, 0, `${words[0]} ${pick(odd)}`)
    case 4:
      return lines.with(at, words.with(roll(words.length) - 1, pick(odd)).join(' '))
    case 5:
      return lines.with(at, `${words[0]} ${pick(odd)}`)
    default:
      return lines.with(
        at,
        line.replace(/\{.*\}$/, json => JSON.stringify(oddValue(JSON.parse(json), with_) ?? null)),
      )
  }
}

/** A record that was cut off is not looked into further. */
function tryDamage(lines: string[], with_: Dice): string[] {
  try {
    return damaged(lines, with_)
  } catch {
    return lines
  }
}

let config: Config

function intentFor(states: readonly HostState[]): Intent {
  return {
    config,
    hosts: states.map(state => ({ host: config.hosts.find(({ name }) => name === state.name) as never, state })),
    command: 'repair',
    tx: t2.replaceAll('b', 'c'),
    who: 'anna',
    from: 'laptop',
    at: by.at,
    reason: '',
    secrets: {},
    release: newer,
    digest: digest('b'),
    revision: null,
    unresolved: 'keep',
    times: shipped,
    process: null,
  }
}

/** Everything that is made of what hosts say; what it would print. */
function everything(states: readonly HostState[]): readonly string[] {
  const fleet = { hosts: states.map(state => ({ name: state.name, state, error: null })) }
  const report = assess('shop', 'default', fleet, new Map())
  const damage = new Set(['web-2'])
  const { record } = vouched(states)
  const found = { record, unreachable: [], damaged: damage, remakes: true, brings: true }
  const decision = decideRepair(states, found)
  const beyond = new Map(beyondRepair(states, found).map(name => [name, 'changed'] as const))
  const joining = new Set(['web-3'])
  const earlier = earlierFor(states, joining, report.target ?? newer, 5)
  if (record !== null) othersToMend(states, damage, joining, record)
  const about = {
    app: 'shop',
    stage: 'default',
    decision,
    states,
    beyond,
    drained: new Map(),
    store: null,
    adopt: true,
    joining: [],
    earlier,
    trusted: null,
  }
  const intent = { ...intentFor(states), record }
  if (decision.kind === 'put back') planPutBack(intent, decision.doubts)
  if (decision.kind === 'sweep') planSweep({ ...intent, release: decision.release ?? 'repair' }, decision.remove)
  if (decision.kind === 'bring') {
    const model = states.flatMap(({ releases }) => releases).find(({ id }) => id === decision.release)
    if (model !== undefined)
      planBring({ ...intent, ...decision, revision: model.revision, model, dates: new Map([[0, ['a']]]) })
  }
  openDrains(states)
  const words = states.flatMap(state => [
    ...problemsOf(state, { bytes: 1000, entries: 10, inodes: 10 }).flatMap(({ text, fix }) => [text, fix ?? '']),
    ...warningsOf(state),
    ...retired(state, null, 1, confirmedReleases(states)),
    ...retired(state, { id: newer, digest: digest('b') }, 2, confirmedReleases(states)),
  ])
  const list = listReleases('shop', 'default', states)
  return [
    ...(words.length > 10_000 ? ['too much'] : []),
    statusText(report, noPaint, new Date(0)),
    repairText({ ...about, next: report.next }),
    releasesText(list, noPaint, new Date(0)),
    ...textsIn([report, repairJson({ ...about, next: report.next }), releasesJson(list), words]),
    ...intent.hosts.flatMap(({ host, state }) => questions(host, state)),
    ...rollBack(states, intent),
  ]
}

/** What a host would be asked; no address where there is none. */
function questions(host: Host, state: HostState): readonly string[] {
  try {
    return healthSteps(config, {}, host, state).map(({ text }) => text)
  } catch (error) {
    if (error instanceof UsageError) return []
    throw error
  }
}

function rollBack(states: readonly HostState[], intent: Intent): readonly string[] {
  try {
    const choice = chooseRollback(states, mostCommon(states.map(currentRelease)), null)
    planRollback({ ...intent, command: 'rollback', ...choice })
    return choice.skipped.map(({ why }) => why)
  } catch (error) {
    if (error instanceof Refusal) return []
    throw error
  }
}

function idsIn({ releases, transactions, fleet, lock, current }: HostState) {
  const named = [
    ...releases.map(({ id }) => id),
    ...transactions.flatMap(({ next }) => next ?? []),
    ...(fleet === null ? [] : [fleet.release]),
    ...(current.kind === 'link' && current.release !== null ? [current.release] : []),
  ]
  const ran = [
    ...transactions.map(({ id }) => id),
    ...releases.flatMap(({ tx }) => tx ?? []),
    ...(fleet?.tx === undefined ? [] : [fleet.tx]),
    ...(lock.holder === null ? [] : [lock.holder.tx]),
  ]
  return { named, ran }
}

describe('an answer of a host', () => {
  it('that is whole is read as it is', () => {
    const state = parseInspect('web-1', Buffer.from(answer().join('\n')))
    expect(state).toMatchObject({
      damaged: [],
      fleet: { seq: 3, release: older, app: 'shop', excluded: [{ host: 'web-9' }], hosts: ['web-1', 'web-9'] },
      lock: { held: true, age: 700, holder: { who: 'anna' } },
      transactions: [{ outcome: 'confirmed' }, { state: 'swapped', lease: 700 }],
      drained: { seq: 1 },
      maintenance: { reason: 'disk' },
      last: { release: older },
    })
  })

  it.each([
    ['nothing', []],
    ['another program’s', ['Welcome!', 'This account is closed.']],
    ['only the beginning', answer().slice(0, 4)],
    ['with a byte that no shell prints', answer().map(line => line.replace('/srv', '/s\0rv'))],
    ['a folder that is no path', answer().map(line => line.replace('root /', 'root '))],
  ])('that is %s is not understood', (_, lines) => {
    expect(parseInspect('web-1', Buffer.from(lines.join('\n')))).toBeNull()
  })

  it.each([
    ['fleet', 'fleet {"seq":"3"}', '.clonedeploy/fleet', 'does not fit at seq'],
    ['fleet', 'fleet [', '.clonedeploy/fleet', 'is no JSON'],
    ['fleet', 'fleet null', '.clonedeploy/fleet', 'is not what it has to be'],
    ['drained', 'drained 5', '.clonedeploy/drained', 'is not what it has to be'],
    [`seal ${newer}`, `seal ${newer} - {"digest":5}`, `.clonedeploy/manifests/${newer}.seal`, 'does not fit at digest'],
    [
      `tx ${t2}`,
      `tx ${t2} swapped - ../../x a`,
      `.clonedeploy/tx/${t2}`,
      'does not name the release that it was to bring',
    ],
    [`tx ${t2}`, `tx ${t2} swapped - - a`, `.clonedeploy/tx/${t2}`, 'does not name the release that it was to bring'],
    [
      `tx ${t2}`,
      `tx ../x swapped - ${newer} a`,
      '.clonedeploy/tx',
      'holds "../x", which is not named like a transaction',
    ],
  ])('with another %s says which file it is', (key, line, file, why) => {
    const lines = answer().map(one => (one.startsWith(`${key} `) ? line : one))
    expect(parseInspect('web-1', Buffer.from(lines.join('\n')))?.damaged).toEqual([{ file, why }])
  })

  it(
    'is never more than that host’s problem, and never more than text, whatever is in it',
    async () => {
      config = await loadConfig({ cwd: await jsonProject({ ...minimal, hosts: ['web-1', 'web-2', 'web-3'] }) })
      // About five seconds of them every day.
      for (const seed of seeds('hosts', 120)) {
        const with_ = dice(seed)
        const states = ['web-1', 'web-2', 'web-3'].flatMap(name => {
          let lines = answer()
          for (let times = with_.roll(4) - 1; times > 0; times--) lines = tryDamage(lines, with_)
          return parseInspect(name, Buffer.from(lines.join('\n'), 'latin1')) ?? []
        })
        for (const state of states) {
          const { named, ran } = idsIn(state)
          expect([named.filter(id => !isReleaseId(id)), ran.filter(id => !isTransactionId(id)), seed]).toEqual([
            [],
            [],
            seed,
          ])
        }
        if (states.length === 0) continue
        const texts = told(states, seed)
        expect([texts.filter(text => acting.test(text)), seed]).toEqual([[], seed])
      }
    },
    fuzzLimit,
  )
})

function told(states: readonly HostState[], seed: number): readonly string[] {
  try {
    return everything(states)
  } catch (error) {
    if (error instanceof Refusal) return [error.message, ...error.details]
    throw new Error(`seed ${seed}`, { cause: error })
  }
}

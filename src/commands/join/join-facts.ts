import { MixedError, PreflightError } from '../../errors.js'
import { type Earlier, earlierFor, type Foreign, foreignFor, othersToMend } from '../../plan/join.js'
import { typed } from '../../scripts/shell/shell.js'
import { openDrains } from '../../state/drains.js'
import { isWhat } from '../../state/evidence/host-claims.js'
import type { FleetRecord, HostState } from '../../state/host-state.js'
import type { Context } from '../context/context.js'
import type { AdoptFlags } from '../context/flags.js'
import { leave } from '../context/read-fleet.js'
import { knownHere } from '../context/run-records.js'
import { type Asked, type RepairFacts, readFacts } from '../repair/repair-facts.js'
import { notBorneOut } from '../repair/trust-host.js'
import { demandDecision } from '../repair.js'
import { demandStore } from '../store/demand-store.js'

/** What a join found: the fleet, what it serves, and what the joining hosts lack of it. */
export interface JoinFacts {
  readonly facts: RepairFacts
  readonly target: string
  readonly earlier: readonly Earlier[]
  /** Earlier releases that only one host holds, of which nothing is known here. */
  readonly unvouched: readonly string[]
  readonly foreign: Foreign
}

/** Reads the fleet. Throws where hosts cannot join it as it is; nothing is changed. */
export async function readJoin(context: Context, flags: AdoptFlags, asked: Asked): Promise<JoinFacts> {
  const facts = await readFacts(context, flags, asked)
  try {
    demandDecision(context, facts)
    await demandStore(context, facts.fleet, 'join')
    const target = demandJoinable(context, facts)
    const states = facts.fleet.map(({ state }) => state)
    const found = earlierFor(states, asked.joining, target, context.config.keepReleases)
    const holders = states.filter(({ name }) => !asked.joining.has(name))
    const { records, trusted } = knownHere(context, asked.trusted)
    const isVouched = (one: Earlier) =>
      holders.length > 1 || holders[0]?.name === trusted || records.some(record => isWhat(one, record))
    return {
      facts,
      target,
      earlier: found.filter(isVouched),
      unvouched: found.filter(one => !isVouched(one)).map(({ release }) => release),
      foreign: foreignFor(states, asked.joining, target),
    }
  } catch (error) {
    leave(facts.fleet)
    throw error
  }
}

/** What the others serve, when they are whole and only the joining hosts will change. Throws PreflightError, MixedError. */
export function demandJoinable(context: Context, facts: RepairFacts): string {
  const { joining, heard } = facts
  if (heard.alone.length > 0) throw notBorneOut(context, facts)
  demandRead(context, facts, joining)
  const states = facts.fleet.map(({ state }) => state)
  const others = states.filter(({ name }) => !joining.has(name))
  const { record } = heard
  if (record === null)
    throw new PreflightError('The other hosts serve no release that could be joined.', {
      changed: 'nothing',
      next: ['instead: clonedeploy deploy'],
    })
  demandOurs(context, states, joining, record)
  const odd = othersToMend(states, facts.damaged, joining, record)
  if (odd.length > 0 || (context.config.balancer !== null && openDrains(others) !== null)) {
    const who = odd.length > 0 ? odd.join(', ') : 'a run that died has drained hosts'
    throw new MixedError(`The fleet is not whole without that: ${who}.`, {
      changed: 'nothing',
      next: ['look: clonedeploy status', 'first: clonedeploy repair'],
    })
  }
  return record.release
}

function demandRead({ hosts }: Context, { fleet, beyond }: RepairFacts, joining: ReadonlySet<string>): void {
  const isRead = (name: string) => fleet.some(({ state }) => state.name === name)
  const names = hosts.map(({ name }) => name)
  const others = names.filter(name => !joining.has(name))
  const lost = names.filter(name => joining.has(name) && !isRead(name))
  const missing = lost.length > 0 || others.some(isRead) ? lost : others
  if (missing.length === 0) return
  throw new PreflightError(`${missing.join(', ')} could not be read.`, {
    changed: 'nothing',
    details: missing.map(name => `${name}  ${beyond.get(name) ?? 'no answer'}`),
    next: ['look: clonedeploy check'],
  })
}

/** A host that comes from another fleet may bring records of that along, which must not become this one's. */
function demandOurs(
  { config }: Context,
  states: readonly HostState[],
  joining: ReadonlySet<string>,
  record: FleetRecord,
): void {
  const brings = states.filter(({ name }) => joining.has(name))
  const isOurs = brings.every(({ fleet }) => fleet === null || fleet.seq <= record.seq || isWhat(fleet, record))
  const files = [
    ...(isOurs ? [] : brings.filter(({ fleet }) => fleet !== null).map(onHost('fleet'))),
    ...(config.balancer === null || openDrains(brings) === null
      ? []
      : brings.filter(({ drained }) => drained !== null).map(onHost('drained'))),
  ]
  if (isOurs && files.length === 0) return
  throw new MixedError(
    `${brings.map(({ name }) => name).join(', ')} brings records along that are not this fleet's, which serves ${record.release}.`,
    { changed: 'nothing', next: files.map(file => `if it was in another fleet: ${file}`) },
  )
}

function onHost(record: string): (state: HostState) => string {
  return ({ name, root }) => `rm ${typed(`${root}/.clonedeploy/${record}`)}     (on ${name})`
}

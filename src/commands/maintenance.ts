import { LockedError, MixedError, Refusal, UsageError } from '../errors.js'
import type { ExitCode } from '../exit-code.js'
import { maintain } from '../fleet/balancer/maintain.js'
import { jsonReport } from '../render/reports/report-json.js'
import { placeIn } from '../state/drains.js'
import type { MaintenanceRecord } from '../state/host-state.js'
import { overOf } from '../state/lock-state.js'
import { readBalancers, type Served } from './context/balancers.js'
import { type Context, inContext } from './context/context.js'
import { type AdoptFlags, quietly } from './context/flags.js'
import type { Io } from './context/io.js'
import { demandOurs } from './context/owner.js'
import { demandFree, demandNone, type Fleet, survey } from './context/read-fleet.js'
import { holderText, newTransaction } from './context/transact.js'
import { recordOwner } from './repair/record-owner.js'

interface MaintenanceFlags extends AdoptFlags {
  readonly message?: string
}

/** It failed, and every host and balancer is as it was before. */
class NotMaintainedError extends Refusal {
  override name = 'NotMaintainedError'
  override readonly exitCode: ExitCode = 5
}

/** `clonedeploy maintenance on|off`: a flag file on all hosts, and where the balancer can, its own page. All or nothing. */
export async function maintenance(io: Io, flags: MaintenanceFlags, word: string): Promise<ExitCode> {
  if (word !== 'on' && word !== 'off')
    throw new UsageError(`"${word}" is neither on nor off: clonedeploy maintenance on`)
  return inContext(io, quietly(flags), async context => {
    const fleet = demandOurs(context, flags, await survey(context))
    return turn(context, flags, fleet, word)
  })
}

async function turn(context: Context, flags: MaintenanceFlags, fleet: Fleet, word: 'on' | 'off'): Promise<ExitCode> {
  demandFree(context, fleet)
  const served = await readBalancers(context, fleet)
  demandNone(served.problems)
  await recordOwner(context, flags, fleet)
  const found = fleet.map(({ state }) => state.maintenance).find(record => record !== null) ?? null
  const now = context.io.now()
  const tx = newTransaction(now)
  const balancers = served.balancers.map(({ balancer }) => balancer).filter(({ maintains }) => maintains)
  const command = `maintenance ${word}`
  const told = found === null && word === 'off' ? [] : balancers
  const result = await maintain({
    hosts: fleet.map(({ session, state }) => ({
      name: state.name,
      session,
      root: state.root,
      over: overOf(state.lock),
      before: state.maintenance,
    })),
    tx,
    holder: holderText(context, { tx, command, reason: flags.message, now }),
    concurrency: context.concurrency,
    record: word === 'off' ? null : recordOf(context, flags, served, found, now),
    balancers: told,
  })
  const next = ['look: clonedeploy status', `again: clonedeploy maintenance ${word}`]
  switch (result.kind) {
    case 'locked':
      throw new LockedError(`${result.reason}.`, { changed: 'nothing', next })
    case 'undone':
      throw new NotMaintainedError(`Maintenance was not turned ${word}: ${result.reason}. All is as it was.`, { next })
    case 'mixed':
      throw new MixedError(`Maintenance was not turned ${word} everywhere: ${result.reason}.`, { next })
    case 'done':
      tell(
        context,
        flags,
        word,
        fleet,
        told.map(({ name }) => name),
      )
      return 0
  }
}

/** What was out of service when maintenance began stays so when it ends. */
function recordOf(
  { who }: Context,
  flags: MaintenanceFlags,
  { balancers }: Served,
  found: MaintenanceRecord | null,
  now: Date,
): MaintenanceRecord {
  const out = balancers.flatMap(({ balancer, states }) =>
    [...(states ?? [])].flatMap(([host, { state }]) => (state === 'ready' ? [] : [placeIn(balancer.name, host)])),
  )
  return {
    by: who,
    at: now.toISOString(),
    reason: flags.message ?? found?.reason ?? '',
    out: found?.by === undefined ? out : found.out,
  }
}

function tell(
  { config, io }: Context,
  flags: MaintenanceFlags,
  word: string,
  fleet: Fleet,
  balancers: readonly string[],
): void {
  const hosts = fleet.map(({ state }) => state.name)
  const where = [`shared/maintenance on ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}`, ...balancers]
  io.output.stdout(
    flags.json
      ? jsonReport(
          { command: 'maintenance', result: 'done', exitCode: 0, stage: config.stage },
          { maintenance: word, hosts, balancers },
        )
      : `maintenance is ${word}   ${where.join(', ')}\n`,
  )
}

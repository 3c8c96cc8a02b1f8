import { Refusal } from '../errors.js'
import { doubtOf, type Listed } from '../state/evidence/gone.js'
import type { Excluded, FleetRecord } from '../state/host-state.js'
import { listed } from '../text/phrases.js'
import { onEach } from './each-host.js'
import type { Phase } from './outcome.js'
import type { HostRun, Run } from './transaction/run.js'

/** A command that lists the hosts, and what it listed when the run began. */
export interface Inventory {
  readonly command: string
  readonly before: readonly Listed[]
  /** What the fleet's record says, and how many of its hosts a person said may be gone. */
  readonly record: FleetRecord | null
  readonly allowed: number
  /** Asks it again. Rejects with a Refusal where it lists no hosts. */
  readonly ask: () => Promise<readonly Listed[]>
  /** Who records it, and when. */
  readonly sign: () => Pick<Excluded, 'by' | 'at'>
}

/**
 * Hosts failed in a phase. Where none of them answers, and the command that listed them does not list them any more, the run
 * goes on without them; returns those for which it stops.
 */
export async function goOnWithout(
  run: Run,
  inventory: Inventory,
  phase: Phase,
  failed: readonly HostRun[],
): Promise<readonly HostRun[]> {
  if (run.stop.reason() !== null || (await onEach(failed, failed.length, answers)).includes(true)) return failed
  const names = failed.map(({ name }) => name)
  const are = names.length === 1 ? 'does not answer' : 'do not answer'
  say(run, 'info', `${listed(names)} ${are}: asking \`${inventory.command}\` which hosts there are`)
  const doubt = await doubtAbout(run, inventory, names)
  if (run.stop.reason() !== null) return failed
  if (doubt !== null) {
    say(run, 'warning', `the run does not go on without ${listed(names)}: ${doubt}`)
    return failed
  }
  leaveOut(run, inventory, phase, failed)
  return []
}

async function answers({ session, plan: { look } }: HostRun): Promise<boolean> {
  return (await session.run(look.script, { timeout: look.timeout })).code !== null
}

async function doubtAbout({ hosts }: Run, inventory: Inventory, lost: readonly string[]): Promise<string | null> {
  const present = hosts.map(({ name }) => name).filter(name => !lost.includes(name))
  try {
    return doubtOf({ ...inventory, now: await inventory.ask(), lost, present })
  } catch (error) {
    if (error instanceof Refusal) return error.message
    throw error
  }
}

/** From here on the run is one of the others; what they record says who was left out, and why. */
function leaveOut(run: Run, { command, sign }: Inventory, phase: Phase, gone: readonly HostRun[]): void {
  for (const host of gone) {
    const message = host.failure?.message ?? 'it does not answer'
    host.gone = { phase, message }
    run.gone.push(host)
    const text = `${host.name} was lost, and \`${command}\` does not list it any more: the run went on without it`
    run.warnings.push(text)
    run.emit({ type: 'host.gone', host: host.name, phase, note: `${message}; no longer listed by \`${command}\`` })
  }
  run.hosts = run.hosts.filter(host => host.gone === null)
  run.batches = run.batches.map(batch => batch.filter(host => host.gone === null))
  if (run.balancers !== null) run.balancers.whole = false
  const reason = `lost in a run, and no longer listed by \`${command}\``
  planWithout(
    run,
    run.gone.map(({ name }) => ({ host: name, reason, ...sign() })),
  )
}

function planWithout(run: Run, gone: readonly Excluded[]): void {
  const { hosts, ...plan } = run.plan.without(gone)
  run.plan = { ...run.plan, ...plan, hosts }
  for (const host of run.hosts) {
    const { once, confirm, finish } = hosts.find(one => one.host.name === host.name) ?? host.plan
    host.plan = { ...host.plan, once, confirm, finish }
  }
}

function say(run: Run, level: 'info' | 'warning', text: string): void {
  run.emit({ type: 'note', level, host: null, text })
}

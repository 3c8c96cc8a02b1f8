import { type Balancer, BalancerError, type Wanted } from '../../balancer/balancer.js'
import { codes } from '../../scripts/shell/codes.js'
import { flagMaintenance } from '../../scripts/transaction/balancer-notes.js'
import { renew } from '../../scripts/transaction/lock.js'
import { placeIn } from '../../state/drains.js'
import type { MaintenanceRecord } from '../../state/host-state.js'
import { onEach } from '../each-host.js'
import { type Lockable, underLocks } from '../held-locks.js'

interface Maintained extends Lockable {
  readonly name: string
  /** What is on the host now: its flag, or none. */
  readonly before: MaintenanceRecord | null
}

interface Maintenance {
  readonly hosts: readonly Maintained[]
  readonly tx: string
  readonly holder: string
  readonly concurrency: number
  /** What the flag shall say; null: it goes. */
  readonly record: MaintenanceRecord | null
  /** Those that can show a page of their own. */
  readonly balancers: readonly Balancer[]
}

/** `locked`: by somebody else, nothing was changed. `undone`: something failed, and all is as it was. `mixed`: that failed too. */
type Maintaining = { readonly kind: 'done' } | { readonly kind: 'locked' | 'undone' | 'mixed'; readonly reason: string }

/** Turns maintenance on or off on all hosts, under the lock of all; or on none. */
export async function maintain(what: Maintenance): Promise<Maintaining> {
  return underLocks(what.hosts, what, async ([unlocked]) =>
    unlocked === undefined ? turn(what) : { kind: 'locked', reason: `${unlocked.name}: its lock could not be taken` },
  )
}

/** The balancers first on the way out of maintenance, last on the way into it: as long as they are in it, a flag says what was before. */
async function turn(what: Maintenance): Promise<Maintaining> {
  const { record, hosts } = what
  const touched = new Set<Maintained>()
  const steps = [
    () => flagAll(what, hosts, () => record, touched),
    () => tellAll(what, record === null ? 'ready' : 'maint'),
  ]
  for (const [i, step] of (record === null ? steps.reverse() : steps).entries()) {
    const reason = await step()
    if (reason === null) continue
    const back = [
      ...(i === 0 && record !== null ? [] : [await tellAll(what, record === null ? 'maint' : 'ready')]),
      await flagAll(what, [...touched], ({ before }) => before),
    ].find(failed => failed !== null)
    if (back == null) return { kind: 'undone', reason }
    return { kind: 'mixed', reason: `${reason}; and it could not be undone: ${back}` }
  }
  return { kind: 'done' }
}

/** `touched` gets those whose flag was changed, or may have been. */
async function flagAll(
  what: Maintenance,
  hosts: readonly Maintained[],
  recordFor: (host: Maintained) => MaintenanceRecord | null,
  touched = new Set<Maintained>(),
): Promise<string | null> {
  const failed = await onEach(hosts, what.concurrency, async host => {
    const record = recordFor(host)
    const text = record === null ? null : JSON.stringify(record)
    const result = await host.session.run(flagMaintenance({ root: host.root, tx: what.tx }, text), { timeout: 20_000 })
    const wanted = record === null ? 'off' : 'on'
    if (result.code === 0 || result.code === null) touched.add(host)
    if (result.code === 0 && result.stdout.toString('latin1').trim() === wanted) return null
    if (result.code === codes.fenced) return `${host.name}: another run has taken over`
    return `${host.name}: ${result.lost?.message ?? 'shared/maintenance could not be changed'}`
  })
  return failed.find(reason => reason !== null) ?? null
}

/** Servers that were out before stay so; what counts is what is read afterwards. */
async function tellAll(
  { hosts, balancers, record, tx, concurrency }: Maintenance,
  wanted: Wanted,
): Promise<string | null> {
  const out = new Set((record ?? hosts.find(({ before }) => before !== null)?.before)?.out ?? [])
  for (const balancer of balancers) {
    const names = balancer.hosts.filter(name => !out.has(placeIn(balancer.name, name)))
    try {
      const ours = await onEach(hosts, concurrency, ({ session, root }) =>
        session.run(renew({ root, tx }), { timeout: 5000 }),
      )
      if (ours.some(({ code }) => code !== 0)) return 'the lock was lost'
      await balancer.tell(names, wanted)
      const states = await balancer.read(names)
      const other = names.find(name => states.get(name)?.state !== wanted)
      if (other !== undefined) return `${balancer.brand} ${balancer.serverOf(other)} is ${states.get(other)?.state}`
    } catch (error) {
      if (!(error instanceof BalancerError)) throw error
      return error.message
    }
  }
  return null
}

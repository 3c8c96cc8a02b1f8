import { setTimeout as sleep } from 'node:timers/promises'
import { LockedError } from '../../errors.js'
import { codes } from '../../scripts/shell/codes.js'
import type { Script } from '../../scripts/shell/shell.js'
import type { Holder } from '../../state/host-state.js'
import { onEach } from '../each-host.js'
import { startHeart } from '../heartbeat.js'
import { lockedError } from '../lock-holder.js'
import { scriptsUpTo } from '../push/scripts-up-to.js'
import { fitting, holderRecord } from '../read/records.js'
import { type Halt, type HostRun, haltOf, inPhase, type Run, runStep } from './run.js'
import { sendAhead } from './sent-ahead.js'

const patience = 1500
const long = 1_800_000
/** Bytes. A payload up to this size is sent together with the lock; a larger one waits until all locks are held. */
const small = 1 << 20

/**
 * Takes the lock of every host, all at once, waiting for nobody while it holds one: but of two runs that meet half-way,
 * the one with the lower transaction id tries again for a moment, so that one of them gets through. Throws LockedError
 * with all locks given back.
 */
export async function lockAll(run: Run): Promise<Halt | null> {
  const holders = new Map<string, Holder | null>()
  const stale: string[] = []
  const halt = await inPhase(
    run,
    'lock',
    run.hosts,
    async host => {
      const until = performance.now() + patience
      for (;;) {
        const { lock } = host.plan
        const scripts = [lock.script, ...(await ahead(run, host))]
        // Renew its lease from now on: what is sent along may take longer. Without the lock a renewal changes nothing.
        host.locked = true
        run.emit({ type: 'host.start', phase: 'lock', step: lock.name, host: host.name })
        await sendAhead(host, scripts, {
          timeout: scripts.length > 1 ? long : lock.timeout,
          next: [host.plan.arm.script],
        })
        const { failure, result } = await runStep(run, host, 'lock', lock, () => 'lock acquired')
        // A lost answer may have been "locked". Releasing a lock that is not ours changes nothing.
        host.locked = result.code === 0 || result.code === null
        if (failure === null) {
          if (result.stdout.includes('took over'))
            run.warnings.push(`${host.name}: took over the lock of a run that is over`)
          return null
        }
        if (result.code === codes.currentChanged) stale.push(host.name)
        if (result.code !== codes.locked) return failure
        const holder = holderOf(result.stdout)
        holders.set(host.name, holder)
        const mayWait = holder !== null && run.plan.tx < holder.tx && performance.now() < until
        if (!mayWait) return failure
        await sleep(150)
      }
    },
    done => `lock acquired on ${done}/${run.hosts.length} hosts`,
  )
  if (halt === null) return null
  const locked = run.hosts.filter(host => holders.has(host.name) && !host.locked)
  if (locked.length === 0 && stale.length === 0) return halt
  await giveBack(run)
  if (locked.length === 0) throw staleError(run.plan.stage, stale)
  throw lockedError(
    run.plan.stage,
    holders.get((locked[0] as HostRun).name) ?? null,
    locked.map(({ name }) => name),
    null,
  )
}

/** What needs only the lock, and is sent with it: one round trip, if little has to be sent. */
async function ahead(run: Run, host: HostRun): Promise<readonly Script[]> {
  const prepares = run.plan.phases.some(({ name }) => name === 'prepare')
  return prepares ? scriptsUpTo(run, host, host.plan.prepare, small) : []
}

/** Acts with a heartbeat on all locked hosts. Locks that are left at the end are marked as those of a finished run. */
export async function withHeart<R>(run: Run, act: () => Promise<R>): Promise<R> {
  const heart = startHeart(run.plan.lease, () =>
    run.hosts.filter(({ locked }) => locked).map(({ session, plan }) => [session, plan.renew.script]),
  )
  try {
    return await act()
  } finally {
    heart.stop()
    await endLocks(run)
  }
}

/** Marks the locks that a finished run leaves behind, so that a repair need not wait for their leases to end. */
async function endLocks(run: Run): Promise<void> {
  const failed = run.hosts.filter(({ failure }) => failure !== null)
  const why = failed.length === 0 ? 'it could not be brought to its end' : haltOf(failed).reason
  const left = run.hosts.filter(({ locked, current }) => locked && current.kind === 'known')
  await onEach(left, left.length, async ({ session, plan }) => {
    const { script, timeout } = plan.endLock(why)
    await session.run(script, { timeout })
  })
}

/** Another run ended between our reading of the fleet and our lock: the plan is stale. */
function staleError(stage: string, hosts: readonly string[]): LockedError {
  return new LockedError(
    `Another run changed ${stage} while this one was being planned: this one ended before it did anything.`,
    {
      changed: 'nothing',
      details: [`seen on  ${hosts.join(', ')}`],
      next: ['look: clonedeploy status'],
    },
  )
}

async function giveBack(run: Run): Promise<void> {
  await onEach(
    run.hosts.filter(({ locked }) => locked),
    run.concurrency,
    async host => {
      await host.session.run(host.plan.discard.script, { timeout: host.plan.discard.timeout })
      host.locked = false
    },
  )
}

function holderOf(stdout: Buffer): Holder | null {
  return fitting(holderRecord, stdout.toString('utf8').trim())
}

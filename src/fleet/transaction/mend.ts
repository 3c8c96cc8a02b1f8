import { troubleOf } from '../balancer/balancers.js'
import { awayOf, backInService } from '../balancer/ready.js'
import { endLocks, lockAll, startHeart } from './lock.js'
import { discardAll } from './restore.js'
import { type Halt, type HostRun, inPhase, type Run } from './run.js'
import { healthy } from './serve.js'

/** Under the lock of all hosts: those that a dead run has drained are in service again, when they are healthy. Throws LockedError only. */
export async function mend(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const heart = startHeart(run)
  try {
    const halt = (await lockAll(run)) ?? (await mendAll(run, hosts))
    await discardAll(run)
    return halt
  } finally {
    heart.stop()
    await endLocks(run)
  }
}

async function mendAll(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const { service } = run
  if (service === null) return null
  try {
    const away = (await awayOf(service, hosts)).filter(({ plan }) => plan.healthOld.length > 0)
    const sick =
      away.length === 0
        ? null
        : await inPhase(run, 'health', away, host => healthy(run, host, 'health', host.plan.healthOld))
    const back = await backInService(
      run,
      hosts.filter(({ failure }) => failure === null),
    )
    return sick ?? back
  } catch (error) {
    return { reason: troubleOf('ready', error).message }
  }
}

import type { Phase } from '../outcome.js'
import { healthy } from './restart-and-health.js'
import { lookAgain } from './restore.js'
import { type Halt, type HostRun, inPhase, inSilence, type Run } from './run.js'

/** Checks that these hosts, which have swapped, still serve the release. */
export function stillSwapped(run: Run, hosts: readonly HostRun[], phase: Phase = 'swap'): Promise<Halt | null> {
  return inSilence(run, phase, hosts, async host => {
    host.current = await lookAgain(host)
    if (host.current.kind === 'known' && host.current.target === `releases/${run.plan.release}`) return null
    const message =
      host.current.kind === 'unknown'
        ? 'what it serves could not be read again after its swap'
        : 'it has put itself back: it had not heard of this run for too long'
    return { phase, step: 'look', message, hint: null, output: [] }
  })
}

/** The same, and that they are healthy, where that can be asked. */
export async function stillWell(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const gone = await stillSwapped(run, hosts)
  if (gone !== null || hosts.every(({ plan }) => plan.health.length === 0)) return gone
  return inPhase(run, 'health', hosts, host => healthy(run, host, 'health', host.plan.health))
}

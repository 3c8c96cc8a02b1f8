import { lookAgain } from './restore.js'
import { type Halt, type HostRun, inSilence, type Run } from './run.js'

/** Checks that these hosts, which have swapped, still serve the release and still hold our lock. */
export function stillSwapped(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  return inSilence(run, 'swap', hosts, async host => {
    host.current = await lookAgain(host)
    if (host.current.kind === 'known' && host.current.target === `releases/${run.plan.release}`) return null
    const message =
      host.current.kind === 'unknown'
        ? 'what it serves could not be read while others were waiting for their turn'
        : 'it has put itself back: it had not heard of this run for too long'
    return { phase: 'swap', step: 'look', message, hint: null, output: [] }
  })
}

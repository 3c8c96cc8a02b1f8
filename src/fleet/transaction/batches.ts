import type { Plan } from '../../plan/plan.js'
import { lookAgain } from './restore.js'
import { type Batch, type Halt, type HostRun, inSilence, type Run } from './run.js'

/** The hosts of a run in the order in which its plan takes them. */
export function batchesOf({ rollout }: Plan, hosts: readonly HostRun[]): readonly Batch[] {
  const { batches, canary } = rollout
  return batches.map((names, i) => ({
    title: batches.length === 1 ? '' : `batch ${i + 1} of ${batches.length}: ${names.join(', ')}`,
    hosts: hosts.filter(({ name }) => names.includes(name)),
    endsCanary: canary?.batches === i + 1,
  }))
}

/** Hosts that have swapped wait for those that come after them: they must still serve the release, and be ours. */
export function stillSwapped(run: Run): Promise<Halt | null> {
  const taken = run.hosts.filter(host => host.swapBegun)
  return inSilence(run, 'swap', taken, async host => {
    host.current = await lookAgain(host)
    if (host.current.kind === 'known' && host.current.target === `releases/${run.plan.release}`) return null
    const message =
      host.current.kind === 'unknown'
        ? 'what it serves could not be read while others were waiting for their turn'
        : 'it has put itself back: it had not heard of this run for too long'
    return { phase: 'swap', step: 'look', message, hint: null, output: [] }
  })
}

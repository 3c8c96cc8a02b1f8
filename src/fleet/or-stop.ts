import { unlessStopped } from './stop.js'
import type { Halt, Run } from './transaction/run.js'

/** A wish to stop ends what is under way on the hosts by closing its connection; the clean-up opens another. */
export async function orStop(run: Run, phase: Promise<Halt | null>): Promise<Halt | null> {
  const done = await unlessStopped(run.stop, phase)
  if (done === null || !('stopped' in done)) return done
  for (const host of run.hosts) host.session.interrupt()
  await phase.catch(() => null)
  return { reason: done.stopped }
}

/** What is thrown (a damaged artifact, a bug) is thrown on, but not before the hosts are as they were. */
export function undone(undo: () => Promise<unknown>): (error: unknown) => Promise<never> {
  return async error => {
    await undo()
    throw error
  }
}

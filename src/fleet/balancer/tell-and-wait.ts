import { setTimeout as sleep } from 'node:timers/promises'
import { type ServerState, stateOf } from '../../balancer/balancer.js'
import type { HostFailure } from '../outcome.js'
import { ended, type Halt, type HostRun, inPhase, type Run } from '../transaction/run.js'
import { type Task, tell, troubleOf } from './balancers.js'

/** What is seen of a host in a balancer: that it is over, well or not, in the words of `note`; null: look again. */
export type Look = (
  state: ServerState,
  /** Milliseconds since the balancer was told. */
  waited: number,
  task: Task,
  host: HostRun,
) => Promise<{ readonly ok: boolean; readonly note: string } | null>

interface Telling {
  readonly phase: 'drain' | 'ready'
  readonly tasks: readonly Task[]
  readonly hosts: readonly HostRun[]
  /** What is true of a host at the end: `drained`. */
  readonly done: string
  readonly title?: string
  readonly look: Look
  /** `failed`: by which balancer. */
  readonly onEnd?: (host: HostRun, failed: Task | null) => void
}

/** Tells each balancer once, and waits for each host until it is seen there as it should be. */
export async function tellAndWait(run: Run, telling: Telling): Promise<Halt | null> {
  const { phase, tasks, done, title, onEnd } = telling
  const behind = telling.hosts.filter(({ name }) => tasks.some(({ names }) => names.includes(name)))
  const told = new Map(tasks.map(task => [task, tell(run.balancers, task, phase)]))
  return inPhase(
    run,
    phase,
    behind,
    async host => {
      run.emit({ type: 'host.start', phase, step: phase, host: host.name })
      for (const task of tasks.filter(({ names }) => names.includes(host.name))) {
        const failure = (await told.get(task)) ?? (await waitFor(run, telling, task, host))
        if (failure === null) continue
        onEnd?.(host, task)
        return failure
      }
      onEnd?.(host, null)
      return null
    },
    count => `${count}/${behind.length} ${done}`,
    title,
  )
}

async function waitFor(run: Run, { phase, look }: Telling, task: Task, host: HostRun): Promise<HostFailure | null> {
  const began = performance.now()
  const waited = () => performance.now() - began
  const end = (failure: HostFailure | null, note: string) => {
    ended(run, host, phase, phase, waited(), failure, note)
    return failure
  }
  try {
    for (;;) {
      const seen = await look(stateOf(await task.read(), host.name), waited(), task, host)
      if (seen?.ok) return end(null, seen.note)
      if (seen !== null) return end({ phase, step: phase, message: seen.note, hint: null, output: [] }, seen.note)
      await sleep(250)
    }
  } catch (error) {
    const failure = troubleOf(run.balancers, phase, error)
    return end(failure, failure.message)
  }
}

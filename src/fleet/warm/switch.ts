import type { Waiting } from '../../connection/connection.js'
import type { PhasePlan, ScriptStep } from '../../plan/plan.js'
import { withLog } from '../app-log.js'
import { failureOf } from '../failure.js'
import type { HostFailure } from '../outcome.js'
import { ended, type Halt, type HostRun, inPhase, inSilence, type Run, type Span } from '../transaction/run.js'
import { delay, roundTripTo, startsOf, windowOf } from '../transaction/swap.js'

/**
 * Gives the warm release the traffic on all of these hosts together: each waits for one word, which is sent so that it arrives
 * everywhere at once. The window that is told holds every command from its beginning to its end.
 */
export async function switchAll(run: Run, all: readonly HostRun[], { batch }: PhasePlan): Promise<Halt | null> {
  const hosts = all.filter(({ plan }) => plan.switch !== null)
  if (hosts.length === 0) return null
  const waiting = new Map<HostRun, Waiting>()
  const unready = await inSilence(run, 'switch', hosts, async host => {
    const one = await host.session.open(stepOf(host).script, stepOf(host).timeout)
    waiting.set(host, one)
    return (await one.line(20_000)) === 'here' ? null : failed(host, one)
  })
  if (unready !== null) return unready
  const starts = startsOf(hosts)
  const spans: Span[] = []
  return inPhase(
    run,
    'switch',
    hosts,
    async host => {
      run.emit({ type: 'host.start', phase: 'switch', step: 'switch', host: host.name })
      await delay(starts.get(host) ?? 0)
      const sent = performance.now()
      const one = waiting.get(host) as Waiting
      one.send(`switch ${run.plan.tx}`)
      const { code } = await one.result
      const over = performance.now()
      const way = Math.min(roundTripTo(host), over - sent) / 2
      spans.push({ from: sent + way, to: over - way })
      const failure = code === 0 ? null : await failed(host, one)
      ended(run, host, 'switch', 'switch', over - sent, failure, failure?.message ?? stepOf(host).text)
      return failure === null ? null : withLog(run, host, failure)
    },
    done => {
      run.switches.push(...spans)
      run.switchWindowMs = windowOf(run.switches)
      return `${done}/${hosts.length} switched in ${windowOf(spans)} ms`
    },
    batch,
  )
}

function stepOf({ plan }: HostRun): ScriptStep {
  return plan.switch as ScriptStep
}

async function failed(host: HostRun, waiting: Waiting): Promise<HostFailure> {
  const { text, timeout } = stepOf(host)
  const result = await Promise.race([waiting.result, delay(15_000).then(() => null)])
  if (result !== null) return failureOf({ phase: 'switch', step: 'switch', text, timeout }, result)
  const message = 'the host did not get ready to switch: no answer in time'
  return { phase: 'switch', step: 'switch', message, hint: null, output: [] }
}

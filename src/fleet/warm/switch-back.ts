import type { BackSwitch } from '../../plan/plan.js'
import { ended, type HostRun, type Run, type Span } from '../transaction/run.js'
import { delay, roundTripTo, startsOf, windowOf } from '../transaction/swap.js'

/** Hosts that give the traffic back together. */
export interface SwitchBack {
  /** Gives it to the release before, on a host whose link is back. False: that has to be done without a word. */
  readonly by: (host: HostRun, back: BackSwitch) => Promise<boolean>
  /** The host gets no word: nobody waits for it. */
  readonly leave: (host: HostRun) => void
  /** When each host did. */
  readonly spans: readonly Span[]
}

/** For so many milliseconds a host that is ready waits for the others: its users are still with what has failed. */
const patience = 2000

/**
 * The way back of a warm release: each of these hosts waits for one word, which goes to all of them at once when all are ready,
 * and to those that come later as they come.
 */
export function switchBack(run: Run, hosts: readonly HostRun[]): SwitchBack {
  const awaited = new Set(hosts.filter(({ plan }) => plan.back !== null))
  const ready: HostRun[] = []
  const spans: Span[] = []
  let open: (starts: ReadonlyMap<HostRun, number>) => void = () => {}
  const word = new Promise<ReadonlyMap<HostRun, number>>(resolve => {
    open = resolve
  })
  const leave = (host: HostRun) => {
    awaited.delete(host)
    if (awaited.size === 0) open(startsOf(ready))
  }
  const arrive = (host: HostRun) => {
    ready.push(host)
    if (ready.length === 1) delay(patience).then(() => open(startsOf(ready)))
    leave(host)
    return word
  }
  return {
    leave,
    spans,
    async by(host, back) {
      const { code } = await host.session.run(back.lay.script, { timeout: back.lay.timeout })
      const one = code === 0 ? await host.session.open(back.switch.script, back.switch.timeout) : null
      if ((await one?.line(20_000)) !== 'here') {
        leave(host)
        return false
      }
      const starts = await arrive(host)
      run.emit({ type: 'host.start', phase: 'rollback', step: 'switch', host: host.name })
      await delay(starts.get(host) ?? 0)
      const sent = performance.now()
      one?.send(`switch ${run.plan.tx}`)
      const result = await one?.result
      if (result?.code !== 0) return false
      const over = performance.now()
      const way = Math.min(roundTripTo(host), over - sent) / 2
      spans.push({ from: sent + way, to: over - way })
      ended(run, host, 'rollback', 'switch', over - sent, null, back.switch.text)
      return true
    },
  }
}

/** `, switched in 4.2 ms`: of how many, where not of all. */
export function backText({ spans }: SwitchBack, hosts: number): string {
  if (spans.length === 0) return ''
  return `, ${spans.length === hosts ? '' : `${spans.length} of them `}switched in ${windowOf(spans)} ms`
}

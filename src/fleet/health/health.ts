import { setTimeout as sleep } from 'node:timers/promises'
import type { HealthStep } from '../../plan/plan.js'
import { escapeLine } from '../../text/escape.js'
import { within } from '../../time-limit.js'
import { onEach } from '../each-host.js'
import type { Emit } from '../events.js'
import type { HostFailure } from '../outcome.js'
import { placeOf } from '../read/forwarding.js'
import type { Session } from '../session.js'
import type { Stop } from '../stop.js'
import { type Broken, brokenNow, failed, type Health, isBrokenForGood, isLost, lostNote } from './answer.js'
import { askHttp } from './http.js'
import { whereListens } from './listening.js'

/** Asks until the answer is right or the time is over: by HTTP from the host itself, or by a command on it. */
export async function checkHealth(session: Session, step: HealthStep, stop: Stop): Promise<Health> {
  const began = performance.now()
  const until = began + step.check.timeout
  let broken: Broken | null = null
  for (let tries = 1; ; tries++) {
    const left = until - performance.now()
    const health = await askOnce(session, step, Math.max(250, Math.min(step.check.tryTimeout, left)))
    if (health.ok) return health
    const now = performance.now()
    broken = brokenNow(broken, health, now)
    const isOver = health.lost === true || now + 1000 > until || stop.reason() !== null
    const isBroken = isBrokenForGood(broken, now, step.check.timeout)
    if (isOver || isBroken) {
      const seconds = Math.round((now - began) / 1000)
      const note = `${step.text.replace(/ = .*/, '')} → ${health.note}, ${tries} ${tries === 1 ? 'try' : 'tries'} in ${seconds}s`
      const more = health.refused ? await listensInstead(session, step) : isOver ? null : onlyErrors(step)
      return { ...health, note: more === null ? note : `${note}: ${more}` }
    }
    await sleep(1000)
  }
}

/** One question; what is quoted of the answer is fit to be shown. */
export async function askOnce(session: Session, step: HealthStep, timeout: number): Promise<Health> {
  const health = await answerTo(session, step, timeout)
  return { ...health, note: escapeLine(health.note), output: health.output.map(line => escapeLine(line)) }
}

async function answerTo(session: Session, step: HealthStep, timeout: number): Promise<Health> {
  if (!('url' in step.target)) return askCommand(session, step)
  const ask = step.check.kind === 'tcp' ? askTcp : askHttp
  return ask(session, step, step.target.url, timeout)
}

function onlyErrors({ check }: HealthStep): string {
  return `it answers nothing but 500, so the rest of ${Math.round(check.timeout / 1000)}s was not waited for`
}

async function listensInstead(session: Session, { root, target }: HealthStep): Promise<string | null> {
  return 'url' in target ? whereListens(session, root, target.url) : null
}

async function askTcp(session: Session, _step: HealthStep, url: URL, timeout: number): Promise<Health> {
  const began = performance.now()
  try {
    const stream = await within(timeout, session.forward(placeOf(url)))
    stream.on('error', () => {})
    stream.destroy()
    return { ok: true, note: `open in ${Math.round(performance.now() - began)} ms`, output: [], served: null }
  } catch (error) {
    return failed(error, url)
  }
}

async function askCommand(session: Session, step: HealthStep): Promise<Health> {
  if (!('script' in step.target)) throw new TypeError('not a command')
  const result = await session.run(step.target.script, { timeout: step.check.tryTimeout + 5000, endless: true })
  const output = `${result.stdout}\n${result.stderr}`
    .split('\n')
    .filter(line => line.trim() !== '' && !/^exit \d+$/.test(line))
    .slice(-20)
  if (result.code === 0) return { ok: true, note: `ok in ${Math.round(result.ms)} ms`, output, served: null }
  if (isLost(result.lost)) return { ok: false, note: lostNote(result.lost), output, served: null, lost: true }
  const code = /exit (\d+)\s*$/.exec(result.stdout.toString('latin1'))?.[1]
  return {
    ok: false,
    note: code === undefined ? (result.lost?.message ?? `exit code ${result.code}`) : `exit code ${code}`,
    output,
    served: null,
  }
}

/** A host, and what is asked of it. */
interface Asked {
  readonly session: Session
  readonly steps: readonly HealthStep[]
}

interface Telling {
  readonly emit: Emit
  readonly stop: Stop
  readonly concurrency: number
}

/** Asks hosts that nothing was done to, as long as after a swap; each host's failure, null where all is well. */
export async function askHealth(asked: readonly Asked[], telling: Telling): Promise<readonly (HostFailure | null)[]> {
  const { emit, concurrency } = telling
  if (asked.every(({ steps }) => steps.length === 0)) return asked.map(() => null)
  const began = performance.now()
  emit({ type: 'phase.start', phase: 'health' })
  const failures = await onEach(asked, concurrency, one => askHost(one, telling))
  const well = failures.filter(failure => failure === null).length
  const note = `${well}/${asked.length}`
  emit({ type: 'phase.end', phase: 'health', ok: well === asked.length, ms: performance.now() - began, note })
  return failures
}

async function askHost({ session, steps }: Asked, { emit, stop }: Telling): Promise<HostFailure | null> {
  const at = { phase: 'health', step: 'health', host: session.host.name } as const
  for (const step of steps) {
    emit({ type: 'host.start', ...at })
    const began = performance.now()
    const { ok, note, output } = await checkHealth(session, step, stop)
    emit({ type: 'host.end', ...at, ok, ms: performance.now() - began, note })
    if (!ok) return { phase: 'health', step: 'health', message: note, hint: null, output }
  }
  return null
}

import { ownNames } from '../../plan/app/requests.js'
import type { Compared, Difference } from '../../state/answers/same-answers.js'
import { listed } from '../../text/phrases.js'
import type { HostFailure } from '../outcome.js'
import { ended, type Halt, type HostRun, haltOf, type Run, stopping } from '../transaction/run.js'
import { askAlike } from './ask-alike.js'

/** Milliseconds for one answer. */
const timeout = 10_000

/** Whether all hosts, which serve the release and can still go back, answer alike. */
export async function answerAlike(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const { same } = run.plan
  const asked = hosts.filter(({ name }) => same.some(({ requests }) => name in requests))
  const began = performance.now()
  run.emit({ type: 'phase.start', phase: 'same' })
  const questioned = asked.map(({ name, session, plan: { host } }) => {
    const requests = same.map(one => one.requests[name] ?? null)
    return { name, session, requests, own: ownNames(host, requests) }
  })
  const asking = { concurrency: run.concurrency, timeout, redact: asItIs, isOver: () => run.stop.reason() !== null }
  const compared = await askAlike(questioned, same, asking)
  for (const { text, host } of compared.notes)
    if (host === null) run.emit({ type: 'note', level: 'info', host: null, text })
  for (const host of asked) host.failure = failureOn(host.name, compared)
  const odd = asked.filter(({ failure }) => failure !== null)
  const ms = performance.now() - began
  for (const host of odd) ended(run, host, 'same', 'same', ms, host.failure, host.failure?.message ?? '')
  const failed = await stopping(run, 'same', odd)
  const note = `${same.map(({ text }) => text).join(', ')}, ${asked.length - odd.length}/${asked.length} alike`
  run.emit({ type: 'phase.end', phase: 'same', ok: failed.length === 0, ms, note })
  return failed.length === 0 ? null : haltOf(failed)
}

/** What is asked has no secret in it. */
const asItIs = (text: string) => text

/** Null: it answers as most hosts do. */
function failureOn(name: string, { differences, notes }: Compared): HostFailure | null {
  const difference = differences.find(({ hosts }) => hosts.includes(name))
  const silent = notes.find(({ host }) => host === name)
  const message = difference === undefined ? silent?.text.slice(name.length + 2) : differenceText(difference)
  return message === undefined ? null : { phase: 'same', step: 'same', message, hint: null, output: [] }
}

function differenceText({ request, part, header, line, says, others, othersSay }: Difference): string {
  const where =
    part === 'status' ? 'the status' : part === 'header' ? `the header ${header}` : `line ${line} of the body`
  return `${request} is not answered as on ${listed(others)}: ${where} is "${says}", there "${othersSay}"`
}

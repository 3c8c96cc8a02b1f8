import type { HealthStep } from '../../plan/plan.js'
import type { Session } from '../session.js'
import { failed, type Health } from './health-answer.js'
import { type Answer, get } from './http.js'

/** One question by HTTP. */
export async function askHttp(session: Session, step: HealthStep, url: URL, timeout: number): Promise<Health> {
  const began = performance.now()
  try {
    const answer = await get(session, url, timeout)
    return judged(step, answer, `${answer.status} in ${Math.round(performance.now() - began)} ms`)
  } catch (error) {
    return failed(error, url)
  }
}

/** Status, body, headers, and the release that the app says it serves. */
function judged(step: HealthStep, answer: Answer, note: string): Health {
  const { check } = step
  if (check.kind !== 'http') throw new TypeError('not an http check')
  const { status, body, headers } = answer
  if (status !== check.status) return bad(answer, '')
  if (check.contains !== null && !body.includes(check.contains))
    return bad(answer, `, but the body does not contain "${check.contains}"`)
  const header = wrongHeader(check.headers, headers)
  if (header !== null) return bad(answer, `, but ${header}`)
  if (check.release === null) return { ok: true, note, output: [], served: null }
  const said = check.release === 'body' ? body : headers[check.release.header.toLowerCase()]
  return proven(step, answer, String(said ?? ''), note)
}

/** The answer has to name the release, or its revision. */
function proven({ proofs, others }: HealthStep, answer: Answer, said: string, note: string): Health {
  const [release = ''] = proofs
  if (proofs.some(proof => said.includes(proof)))
    return { ok: true, note: `${note}, serves ${release}`, output: [], served: release }
  const other = others.find(one => one.proofs.some(proof => said.includes(proof)))?.release ?? null
  const instead = other === null ? `it says "${said.trim().slice(0, 80)}"` : `it serves ${other}`
  return {
    ...bad(answer, `, but the app does not say that it serves ${release}: ${instead}`),
    served: other,
  }
}

function bad({ status, body }: Answer, why: string): Health {
  const lines = body.split('\n').filter(line => line.trim() !== '')
  return { ok: false, note: `${status}${why}`, output: lines.slice(0, 5), status, served: null }
}

/** A header of the answer that is not as it should be, in words. */
function wrongHeader(wanted: Readonly<Record<string, string>>, headers: Answer['headers']): string | null {
  const wrong = Object.entries(wanted).find(([name, value]) => !String(headers[name] ?? '').includes(value))
  if (wrong === undefined) return null
  const [name, value] = wrong
  const has = headers[name]
  return has === undefined ? `there is no header ${name}` : `${name} is "${String(has).slice(0, 80)}", not "${value}"`
}

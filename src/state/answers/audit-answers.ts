import { type AdviceKind, type AuditReport, advice } from '../user-data.js'
import type { LoginReport } from './known-user.js'
import type { Compared } from './same-answers.js'

/** An audit with what its hosts were asked. */
export function withAnswers(report: AuditReport, compared: Compared, login: LoginReport | null): AuditReport {
  const kinds: readonly AdviceKind[] = [
    ...(compared.differences.length > 0 ? (['answer'] as const) : []),
    ...(login?.result === 'unknown' ? (['session'] as const) : []),
  ]
  return {
    ...report,
    result: resultOf(report, kinds.length > 0, compared, login),
    answers: compared.differences,
    login,
    advice: { ...report.advice, ...Object.fromEntries(kinds.map(kind => [kind, advice[kind]])) },
    notes: [...report.notes, ...compared.notes.map(({ text }) => text)],
  }
}

function resultOf(
  { result }: AuditReport,
  found: boolean,
  { notes }: Compared,
  login: LoginReport | null,
): AuditReport['result'] {
  if (result === 'found' || found) return 'found'
  return result === 'incomplete' || notes.some(({ missed }) => missed) || login?.result === 'incomplete'
    ? 'incomplete'
    : 'clean'
}

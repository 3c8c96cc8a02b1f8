import { type Drift, isIntact } from '../../state/release-drift.js'
import { escapeLine } from '../../text/escape.js'

/** `1 modified (a), 2 missing (b, c), 5 extra (d, e, f, …)`; '' when nothing differs. */
export function driftText({ modified, missing, extra, extraCount }: Drift): string {
  const kinds = [
    ['modified', modified, modified.length],
    ['missing', missing, missing.length],
    ['extra', extra, extraCount],
  ] as const
  return kinds
    .flatMap(([kind, paths, count]) => (count === 0 ? [] : [`${count} ${kind} (${someOf(paths, count)})`]))
    .join(', ')
}

/** `✔` for what is as it was sealed, or can be made so, with what differs and what is there beside that. */
export function heldText(drift: Drift, heals: boolean): string {
  const text = driftText(drift)
  if (heals) return `✔ when it is made whole: ${text}`
  return [isIntact(drift) ? '✔' : '✖', ...(text === '' ? [] : [text])].join(' ')
}

function someOf(paths: readonly string[], count: number): string {
  const shown = paths.slice(0, 3).map(path => escapeLine(path, 100))
  return [...shown, ...(count > 3 ? ['…'] : [])].join(', ')
}

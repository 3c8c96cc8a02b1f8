import type { ScriptStep } from '../../plan/plan.js'
import { codes } from '../../scripts/shell/codes.js'
import { type Drift, noDrift } from '../../state/intact.js'
import { escapeLine } from '../../text/escape.js'
import type { Session } from '../session.js'

/** What a host says of a release that it holds: how it differs from what was sealed, and the digest of its tree where it has one. */
export interface Held {
  readonly drift: Drift
  readonly tree: string | null
}

/** Reads a release on a host by `verifyStep`; null when the host was lost meanwhile. */
export async function readHeld(session: Session, { script, timeout }: ScriptStep): Promise<Held | null> {
  const { code, stdout } = await session.run(script, { timeout })
  if (code === codes.releaseMissing) return { drift: unread('(the release is not there)'), tree: null }
  if (code !== 0 && code !== codes.notIntact) return null
  const lines = stdout.toString('utf8').split('\n')
  const drift = differences(lines)
  const isTold = code === 0 || drift.modified.length + drift.missing.length > 0
  return { drift: isTold ? drift : unread('(what was sealed is not known)'), tree: treeIn(stdout) }
}

/** The digest that `verify` and `seal` print of a release that hooks have changed. */
export function treeIn(stdout: Buffer): string | null {
  return /^tree ([0-9a-f]{64})$/m.exec(stdout.toString('latin1'))?.[1] ?? null
}

/** Sorts what `verify` prints: `-ENTRY` was sealed, `+ENTRY` is there instead, `x PATH` is there beside that. */
export function differences(lines: readonly string[]): Drift {
  const after = (sign: string) =>
    lines.filter(line => line.startsWith(sign)).map(line => escapeLine(line.slice(sign.length)))
  const there = new Set(after('+').map(nameOf))
  const sealed = [...new Set(after('-').map(nameOf))]
  const extra = after('x ')
  return {
    modified: sealed.filter(name => there.has(name)),
    missing: sealed.filter(name => !there.has(name)),
    extra,
    extraCount: Math.max(extra.length, Number(/^\d{1,12}$/.exec(after('extra ')[0] ?? '')?.[0] ?? 0)),
  }
}

function unread(why: string): Drift {
  return { ...noDrift, missing: [why] }
}

/** The path in a line of a manifest. */
export function nameOf(line: string): string {
  if (line.startsWith('f ')) return line.split(' ').slice(4).join(' ')
  if (line.startsWith('l ')) return line.slice(line.lastIndexOf('//') + 2)
  return line.slice(2)
}

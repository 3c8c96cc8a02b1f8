import type { HostState } from '../inventory/state.js'
import type { StatusHost } from '../plan/status.js'
import { currentEntry } from '../plan/transaction.js'
import { codes } from '../scripts/codes.js'
import { drift, verify } from '../scripts/verify.js'
import type { Session } from './session.js'

const timeout = 600_000

/** How the release that a host serves differs from its manifest, every file read; null when it has none. */
export async function readDrift(session: Session, state: HostState): Promise<StatusHost['drift']> {
  const entry = currentEntry(state)
  if (entry === null || entry.digest === null) return null
  const checked = await session.run(verify(state.root, entry.id, { extra: entry.extra, whole: false, read: 'all' }), {
    timeout,
  })
  if (checked.code === 0) return { modified: [], missing: [], extra: [] }
  if (checked.code !== codes.notIntact) return { modified: [], missing: ['(the release could not be read)'], extra: [] }
  const listed = await session.run(drift(state.root, entry.id), { timeout })
  return differences(listed.stdout.toString('utf8').split('\n'))
}

/** Sorts lines `-ENTRY` and `+ENTRY` into what changed, what is gone and what is too many. */
export function differences(lines: readonly string[]): NonNullable<StatusHost['drift']> {
  const only = (sign: string) => new Set(lines.filter(line => line.startsWith(sign)).map(line => nameOf(line.slice(1))))
  const gone = only('-')
  const come = only('+')
  return {
    modified: [...gone].filter(name => come.has(name)),
    missing: [...gone].filter(name => !come.has(name)),
    extra: [...come].filter(name => !gone.has(name) && name !== 'REVISION'),
  }
}

function nameOf(line: string): string {
  if (line.startsWith('f ')) return line.split(' ').slice(4).join(' ')
  if (line.startsWith('l ')) return line.slice(line.lastIndexOf('//') + 2)
  return line.slice(2)
}

import type { Config } from '../../config/config.js'
import { verifyStep } from '../../plan/held-steps.js'
import type { ScriptStep } from '../../plan/plan.js'
import type { Verify } from '../../scripts/read/verify.js'
import { codes } from '../../scripts/shell/codes.js'
import type { HostState } from '../../state/host-state.js'
import { type Drift, isIntact, noDrift } from '../../state/release-drift.js'
import { escapeLine } from '../../text/escape.js'
import { onEach } from '../each-host.js'
import type { Session } from '../session.js'

export interface HeldBy {
  /** What each host holds of the release; none of a host that does not have it. */
  readonly held: ReadonlyMap<string, Held>
  /** Hosts whose copy of the release is not what it was sealed as. */
  readonly damaged: ReadonlySet<string>
  /** Hosts that were lost while it was read. */
  readonly lost: ReadonlySet<string>
}

export const nobody: HeldBy = { held: new Map(), damaged: new Set(), lost: new Set() }

/** Reads a release on every host that holds it. Changes nothing. */
export async function readOnAll(
  config: Config,
  fleet: readonly { readonly session: Session; readonly state: HostState }[],
  release: string,
  { concurrency, read }: { readonly concurrency: number; readonly read: Verify['read'] },
): Promise<HeldBy> {
  const holders = fleet.filter(({ state }) => state.releases.some(({ id }) => id === release))
  const told = await onEach(holders, concurrency, ({ session, state }) =>
    readHeld(session, verifyStep(config, session.host, state, release, read)),
  )
  const names = holders.map(({ state }) => state.name)
  const held = new Map(names.flatMap((name, i) => (told[i] == null ? [] : [[name, told[i]] as const])))
  const lost = new Set(names.filter(name => !held.has(name)))
  const damaged = [...held].filter(([, { drift }]) => !isIntact(drift)).map(([name]) => name)
  return { held, damaged: new Set(damaged), lost }
}

/** What a host says of a release that it holds: how it differs from what was sealed, and the digest of its tree where it has one. */
interface Held {
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

import { type Contents, isContent } from '../../artifact/cache/contents.js'
import { heldContents, lostContents } from '../../scripts/read/contents.js'
import type { HostState } from '../../state/host-state.js'
import { longestList, unzipped } from '../push/scripts-up-to.js'
import type { Session } from '../session.js'

type Holder = { readonly session: Session; readonly state: HostState }

/** What was sealed in a release and is lost on a host: bytes by sha256 (hex); null when it could not be read. */
export async function readLost(
  { session, state }: Holder,
  release: string,
): Promise<ReadonlyMap<string, number> | null> {
  const { code, stdout } = await session.run(lostContents(state.root, release), { timeout: 600_000 })
  const text = code === 0 ? unzipped(stdout, longestList)?.toString('latin1') : undefined
  if (text === undefined) return null
  const lines = text.split('\n').flatMap(line => {
    const [, size, sha256] = /^(\d{1,15}) ([0-9a-f]{64})$/.exec(line) ?? []
    return size === undefined || sha256 === undefined ? [] : [[sha256, Number(size)] as const]
  })
  return new Map(lines)
}

/** Of the wanted contents (bytes by sha256), those that a host still has in any release; each is checked here. */
export async function fetchContents(
  { session, state }: Holder,
  wanted: ReadonlyMap<string, number>,
): Promise<Contents> {
  if (wanted.size === 0) return new Map()
  const size = [...wanted.values()].reduce((sum, bytes) => sum + bytes + 128, 0)
  // What cannot be made smaller by gzip gets a little larger.
  const most = size + (size >> 8) + (1 << 16)
  // Around the session, so that the bytes do not go into the log.
  const script = heldContents(state.root, [...wanted.keys()])
  const { code, stdout } = await session.connection().run(script, { timeout: 600_000, most })
  const told = code === 0 ? unzipped(stdout, size) : null
  return told === null ? new Map() : contentsIn(told, wanted)
}

/** A line `SHA256 SIZE` before each. */
function contentsIn(told: Buffer, wanted: ReadonlyMap<string, number>): Contents {
  const found = new Map<string, Uint8Array>()
  for (let at = 0; at < told.length; ) {
    const end = told.indexOf(10, at)
    const [, sha256, size] = /^([0-9a-f]{64}) +(\d{1,15})$/.exec(told.toString('latin1', at, end < 0 ? at : end)) ?? []
    if (sha256 === undefined) break
    const bytes = told.subarray(end + 1, end + 1 + Number(size))
    if (wanted.has(sha256) && isContent(bytes, sha256)) found.set(sha256, bytes)
    at = end + 1 + Number(size)
  }
  return found
}

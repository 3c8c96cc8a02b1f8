import { randomBytes } from 'node:crypto'
import { pinLine, short } from '../../connection/host-keys/host-key-errors.js'
import { judge } from '../../connection/host-keys/judge-host-key.js'
import {
  addLine,
  type KnownKey,
  knownHostsLine,
  knownHostsReader,
  namesOf,
} from '../../connection/host-keys/known-hosts.js'
import type { Offer } from '../../connection/route/offered-key.js'
import { PreflightError } from '../../errors.js'

/** Writes the key down, and reads it again as every later connection will. */
export async function remember({ target, key }: Offer): Promise<KnownKey> {
  const to = target.newKnownHost
  if (to === null) {
    throw new PreflightError(`${target.name}: there is no known_hosts file to add its key to. Nothing was added.`, {
      details: ['UserKnownHostsFile is none, or /dev/null'],
      next: [`pin it:  ${pinLine([{ target, key }])}`],
    })
  }
  const [name = ''] = namesOf(target)
  const why = await written(to.file, knownHostsLine(name, key, to.hashed ? randomBytes(20) : null))
  const known = await knownHostsReader()(namesOf(target), target.knownHosts)
  const entry = known.trusted.find(one => one.file === to.file && one.key.equals(key))
  if (why === null && entry !== undefined && judge(key, known, null).kind === 'trusted') return entry
  throw new PreflightError(`${target.name}: its key could not be added to ${short(to.file)}`, {
    details: why === null ? [] : [why],
    next: [`pin it:  ${pinLine([{ target, key }])}`],
  })
}

async function written(file: string, line: string): Promise<string | null> {
  try {
    addLine(file, line)
    return null
  } catch (error) {
    return (error as Error).message
  }
}

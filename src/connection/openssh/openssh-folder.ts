import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import type { KnownHost } from '../host-keys/known-hosts.js'
import type { Target } from '../target.js'
import type { Folder } from './openssh-args.js'

/** Long enough for a name that ssh makes beside the socket (17 more), and short of the 104 bytes that a socket's path may have. */
const LONGEST_TMP = 60

/** Makes a folder that is ours alone, for one master. */
export async function makeFolder(target: Target, known: KnownHost): Promise<Folder> {
  const path = `${base()}/clonedeploy-${randomBytes(6).toString('hex')}`
  await mkdir(path, { mode: 0o700 })
  await writeFile(`${path}/key`, keyScript(path, target.pin))
  await writeFile(
    `${path}/revoked`,
    known.revoked.map(line => `@revoked * ${line.type} ${line.key.toString('base64')}\n`),
  )
  return { path, socket: `${path}/m` }
}

export async function removeFolder(folder: Folder): Promise<void> {
  await rm(folder.path, { recursive: true, force: true, maxRetries: 3 })
}

/** The path goes through ssh's own quoting and through a shell: a plain one needs none. */
function base(): string {
  const tmp = tmpdir()
  return tmp.length <= LONGEST_TMP && /^[\w/.+-]+$/.test(tmp) ? tmp : '/tmp'
}

/**
 * For KnownHostsCommand: notes the key that a host offers, for our words about it, and vouches for the pinned one.
 * ssh asks with `NONE` in the place of the key when it only wants to know which types are known.
 */
function keyScript(path: string, pin: string | null): string {
  const vouch = pin === null ? '' : `[ "$1" != '${pin.replace(/=+$/, '')}' ] || printf '%s %s %s\\n' "$4" "$2" "$3"\n`
  return `[ "$3" != NONE ] || exit 0\nprintf '%s' "$3" >'${path}/offered'\n${vouch}exit 0\n`
}

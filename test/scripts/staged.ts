import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Arrival } from '../../src/scripts/prepare/check-arrival.js'
import { layLinks } from '../../src/scripts/transaction/links.js'
import { lock } from '../../src/scripts/transaction/lock.js'
import { arm } from '../../src/scripts/transaction/swap.js'
import { type FileText, writeFiles } from '../support/files.js'
import { folder, place, run, type Shell, type Started, start, until } from '../support/scripts.js'

export const oldId = '20260101-000000-0000000'
export const newId = '20260102-000000-1111111'
export const oldTarget = `releases/${oldId}`
export const newTarget = `releases/${newId}`

/** A payload of which only the bytes matter. */
export function arriving(text: string): Arrival {
  const none = { files: 0, bytes: 0, links: 0, folders: 0, names: null, entries: 0, unlinked: 0, sum: '' }
  return { data: Buffer.from(text), zip: 'gzip', ...none }
}

export interface Setup {
  /** Target of `current` before; null: there is none. */
  readonly old?: string | null
  readonly restart?: string | ((root: string) => Uint8Array)
  /** How the release is marked when it is put back. */
  readonly bad?: string
  readonly lease?: number
  readonly deadline?: number
  readonly files?: Readonly<Record<string, FileText>>
}

/** A folder with two releases, locked by t1. */
export async function locked(shell: Shell, setup: Setup = {}): Promise<string> {
  const { old = oldTarget, files = {} } = setup
  const root = folder()
  writeFiles(root, { [`${oldTarget}/file`]: 'old', [`${newTarget}/file`]: 'new', ...files })
  if (old !== null) writeFiles(root, { current: { link: old } })
  await succeed(run(lock(place(root), '{"tx":"t1"}', { unresolved: 'refuse' }), shell))
  return root
}

/** The same, with everything made that a swap needs. */
export async function staged(shell: Shell, setup: Setup = {}): Promise<string> {
  const { old = oldTarget, restart = '', bad = null } = setup
  const root = await locked(shell, setup)
  const text = typeof restart === 'string' ? Buffer.from(restart) : restart(root)
  await succeed(run(layLinks(place(root), newId, old, text, bad), shell))
  return root
}

export function armOf(root: string, { old = oldTarget, lease = 60, deadline = 20 }: Setup = {}, tx = 't1') {
  return arm(place(root, tx), { release: newId, old, deadline, lease })
}

/** The same, waiting for the word. */
export async function armed(shell: Shell, setup: Setup = {}): Promise<{ root: string; waiting: Started }> {
  const root = await staged(shell, setup)
  const waiting = start(armOf(root, setup), shell)
  expectLine(await waiting.line(), 'armed')
  return { root, waiting }
}

/** The same, swapped and flushed. */
export async function swapped(shell: Shell, setup: Setup = {}): Promise<{ root: string; waiting: Started }> {
  const { root, waiting } = await armed(shell, setup)
  waiting.send('go t1')
  for (const line of ['renamed', `swapped ${newTarget}`, 'flushed']) expectLine(await waiting.line(), line)
  return { root, waiting }
}

/** The same, held up between the word and the rename until `goOn`. */
export async function heldUp(
  shell: Shell,
  setup: Setup = {},
): Promise<{ root: string; waiting: Started; goOn: () => void }> {
  const root = await staged(shell, setup)
  const hold = folder()
  const real = shell.name === 'busybox' ? '/usr/bin/busybox mv' : '/usr/bin/mv'
  const slow = `#!/bin/sh
case "$*" in *'stage/go/current ./') : >'${hold}/held'; while [ -e '${hold}' ] && [ ! -e '${hold}/go on' ]; do sleep 0.05; done ;; esac
exec ${real} "$@"
`
  writeFiles(hold, { 'bin/mv': { mode: 0o755, text: slow } })
  const waiting = start(armOf(root, setup), { ...shell, path: `${join(hold, 'bin')}:${shell.path}` })
  expectLine(await waiting.line(), 'armed')
  waiting.send('go t1')
  await until(() => existsSync(join(hold, 'held')), 'the swap is held up')
  return { root, waiting, goOn: () => writeFiles(hold, { 'go on': '' }) }
}

/** The state and the outcome of a transaction, as its files tell them. */
export function recordsOf(root: string, tx = 't1'): readonly string[] {
  return readdirSync(join(root, '.clonedeploy/tx', tx))
    .filter(name => /^(state|outcome)\.|^undecided$/.test(name))
    .sort()
}

export async function succeed<T extends { readonly code: number | null }>(ran: Promise<T>): Promise<T> {
  const result = await ran
  if (result.code !== 0) throw new Error(`the script failed: ${JSON.stringify(result)}`)
  return result
}

function expectLine(line: string | null, wanted: string): void {
  if (line !== wanted) throw new Error(`expected "${wanted}", the script said ${JSON.stringify(line)}`)
}

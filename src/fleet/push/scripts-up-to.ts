import { gunzipSync } from 'node:zlib'
import type { Payload } from '../../artifact/artifact.js'
import type { Step } from '../../plan/plan.js'
import { type Delivery, unpack } from '../../scripts/prepare/unpack.js'
import type { Script } from '../../scripts/shell/shell.js'
import type { HostRun, Run } from '../transaction/run.js'

/** The scripts of these steps, up to the first hook or a payload of more than `most` bytes; where neither is, also what makes both links. */
export async function scriptsUpTo(
  run: Run,
  host: HostRun,
  steps: readonly Step[],
  most: number,
  way: { readonly payload: Payload; readonly delivery: Delivery } | null = null,
): Promise<readonly Script[]> {
  const scripts: Script[] = []
  for (const step of steps) {
    if (step.kind === 'hook') return scripts
    if (step.kind === 'script') scripts.push(step.script)
    if (step.kind === 'push') {
      const payload = way?.payload ?? (await run.payload(step.baseDigest))
      if (payload.data.length > most) return scripts
      scripts.push(unpack({ root: host.plan.root, tx: run.plan.tx }, step.unpack, payload, way?.delivery))
    }
  }
  return [...scripts, host.plan.links.script]
}

/** Bytes of the longest manifest, or list of its files' times, that a host is believed. */
export const longestList = 128 << 20

/** What a host zipped; null when that is no gzip, or more than `most` bytes: a megabyte can hold a gigabyte. */
export function unzipped(gzipped: Buffer, most: number): Buffer | null {
  try {
    return gunzipSync(gzipped, { maxOutputLength: Math.max(1, most) })
  } catch {
    return null
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Payload } from '../../artifact/artifact.js'
import type { Plan } from '../../plan/plan.js'
import { bytesText } from '../../text/units.js'
import type { Context } from '../context/context.js'
import { orInterrupt } from '../context/read-fleet.js'

const quickMs = 300

/** Packs what the hosts lack before they are locked. Only where that takes its time is it a phase that is shown. */
export async function packFirst(
  context: Context,
  { hosts }: Plan,
  payload: (baseDigest: string | null) => Promise<Payload>,
): Promise<void> {
  const began = performance.now()
  const bases = new Set(
    hosts.flatMap(({ prepare }) => prepare.flatMap(step => (step.kind === 'push' ? step.baseDigest : []))),
  )
  const packing = Promise.all([...bases].map(payload))
  const isQuick = await Promise.race([packing.then(() => true), sleep(quickMs, false, { ref: false })])
  if (isQuick) return
  context.emit({ type: 'phase.start', phase: 'pack' })
  const made = await orInterrupt(context, packing)
  const note = made.map(({ data }) => bytesText(data.length)).join(' and ')
  context.emit({ type: 'phase.end', phase: 'pack', ok: true, ms: performance.now() - began, note })
}

import { placedPayload, putProgram, type StoredCopy } from '../../store/artifacts.js'
import type { StoredRelease } from '../../store/generation.js'
import type { Store } from '../../store/store.js'
import type { Run } from '../transaction/run.js'

/** The release as machines may bring themselves to it: the store keeps the program for that beside the files. */
export async function withProgram(
  { plan }: Run,
  store: Store,
  target: StoredRelease,
  copy: StoredCopy | null,
): Promise<StoredRelease> {
  const { boot: _, ...rest } = target
  const write = plan.stored?.boot
  const payload = write == null || copy === null ? null : await placedPayload(store, plan.app, copy)
  if (write == null || copy === null || payload === null) return rest
  return { ...rest, boot: await putProgram(store, plan.app, copy, write(payload)) }
}

import type { StoreConfig } from '../../config/config.js'
import { storeName } from '../../store/name.js'
import { openStore } from '../../store/open.js'
import type { Store } from '../../store/store.js'

/** The store that a configuration names, opened when it is first asked for; null: it names none. */
export interface StageStore {
  readonly name: string | null
  readonly open: () => Promise<Store | null>
  readonly close: () => Promise<void>
}

export function stageStore(config: StoreConfig | null): StageStore {
  let opening: Promise<Store> | null = null
  return {
    name: config === null ? null : storeName(config),
    async open() {
      if (config === null) return null
      opening ??= openStore(config)
      return opening
    },
    async close() {
      const store = await opening?.catch(() => null)
      store?.close()
    },
  }
}

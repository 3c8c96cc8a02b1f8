import type { Config } from '../../config/config.js'
import { storeName } from '../../store/name.js'
import { openStore } from '../../store/open.js'
import { type Signing, signedStore, trySigning } from '../../store/signed-store.js'
import { signWith, verifyBy } from '../../store/ssh-keygen.js'
import type { Store } from '../../store/store.js'

/** The store that a configuration names, opened when it is first asked for; null: it names none. */
export interface StageStore {
  readonly name: string | null
  /** Its generations are signed and checked where the configuration says so. */
  readonly open: () => Promise<Store | null>
  /** The same, with generations that are believed, whoever signed them. */
  readonly unchecked: () => Promise<Store | null>
  /** Whether what is signed here will be believed. Throws StoreError. */
  readonly trySigning: () => Promise<void>
  readonly close: () => Promise<void>
}

type StoreSettings = Pick<Config, 'store' | 'sign' | 'allowedSigners'>

/** `trusted`: the generation that a person vouches for; null: none. */
export function stageStore({ store: config, sign, allowedSigners }: StoreSettings, trusted: number | null): StageStore {
  let opening: Promise<Store> | null = null
  const opened = () => {
    opening ??= config === null ? null : openStore(config)
    return opening
  }
  const signing: Signing = {
    sign: sign === null ? null : signWith(sign.key),
    verify: allowedSigners === null ? null : verifyBy(allowedSigners),
    trusted,
  }
  let checked: Promise<Store | null> | null = null
  const openWith = async (by: Signing) => {
    const store = await opened()
    return store === null ? null : signedStore(store, by)
  }
  return {
    name: config === null ? null : storeName(config),
    async open() {
      checked ??= openWith(signing)
      return checked
    },
    unchecked: () => openWith({ sign: null, verify: null, trusted: null }),
    async trySigning() {
      const store = await opened()
      if (store !== null) await trySigning(store, signing)
    },
    async close() {
      const store = await opening?.catch(() => null)
      store?.close()
    },
  }
}

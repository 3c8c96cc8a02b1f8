import { PreflightError } from '../errors.js'
import { escapeLine } from '../text/escape.js'

/**
 * Where what a fleet serves lies for every clone: objects by their keys, such as `artifacts/9f2c…/manifest`. An object is
 * whole or not there. All of it throws StoreError where the store is away, refuses, or answers what makes no sense.
 */
export interface Store {
  /** For people: `s3://acme-deploys/shop`, or the folder. */
  readonly name: string
  /**
   * Keeps an object under a key that has none. `taken`: the key has one, which may be this very object of an earlier try.
   * A StoreError leaves open whether it was kept: the key has to be read.
   */
  readonly create: (key: string, bytes: Uint8Array) => Promise<'created' | 'taken'>
  /** Keeps an object, also over another one. */
  readonly put: (key: string, bytes: Uint8Array) => Promise<void>
  /** Null: there is none. Throws where it has more than `most` bytes. */
  readonly read: (key: string, most: number) => Promise<Uint8Array | null>
  /** Its size in bytes; null: there is none. */
  readonly size: (key: string) => Promise<number | null>
  /** All keys that begin so (with whole names: up to a slash), in the order of their bytes. */
  readonly list: (prefix: string) => Promise<readonly string[]>
  /** What is not there is removed already. */
  readonly remove: (key: string) => Promise<void>
  /**
   * Signs an address at which whoever has it can read the object for so many seconds: a secret. Whether the object is there is
   * not asked. Null: this store has no addresses that another machine could use.
   */
  readonly address: ((key: string, seconds: number) => Promise<string>) | null
  /** Ends what it holds open. */
  readonly close: () => void
}

/** What kept a store from doing what it was asked. */
export type StoreFault =
  /** No answer, or none in time. */
  | 'away'
  /** The credentials are missing, wrong, or may not do it. */
  | 'denied'
  /** It has an error of its own, or is busy: asked again, it may do it. */
  | 'failing'
  /** It cannot do what is needed of a store. */
  | 'unfit'
  /** What lies there is not what clonedeploy has put there. */
  | 'damaged'
  /** A generation there is signed by nobody who may, or none can be signed here. */
  | 'unsigned'

/** Nothing is changed on hosts where it is thrown; a transaction that has swapped catches it. */
export class StoreError extends PreflightError {
  override name = 'StoreError'
  static readonly look = 'look: clonedeploy check'
  constructor(
    readonly store: string,
    readonly fault: StoreFault,
    reason: string,
    options: { readonly details?: readonly string[]; readonly next?: readonly string[]; readonly cause?: unknown } = {},
  ) {
    super(`The store ${escapeLine(store)} ${reason}`, {
      changed: 'nothing',
      next: [StoreError.look],
      ...options,
    })
  }
}

/** Whether a key stays below the store's folder or prefix, and is written alike everywhere. */
export function isKey(key: string): boolean {
  return key.length <= 500 && key.split('/').every(name => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name))
}

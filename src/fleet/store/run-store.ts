import type { StoredArtifact, StoredCopy } from '../../store/artifacts.js'
import type { Generation } from '../../store/generation.js'
import type { Store } from '../../store/store.js'

/** The store of a run that changes what the fleet serves, and what the run has told it. */
export interface RunStore {
  readonly store: Store
  /** The files of the release, asked for where the store has none; null: they are nowhere to be had. */
  readonly artifact: () => Promise<StoredArtifact | null>
  readonly now: () => Date
  /** Has something hidden in all that is told from here on. */
  readonly hide: (redact: (text: string) => string) => void
  /** What to run where the store is away. */
  readonly instead: readonly string[]
  /** Hosts that a person has given up: they can change nothing, as those whose locks are held. */
  readonly fenced: readonly string[]
  /** The generation that says that the run is at work; `kept`: the store is known to hold it. Null: it was not told yet. */
  pending: { readonly generation: Generation; readonly kept: boolean } | null
  /** The files of the release there, once the run is announced; null: it has none of them. */
  copy: StoredCopy | null
}

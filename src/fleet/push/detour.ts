import type { Payload } from '../../artifact/artifact.js'
import type { Delivery } from '../../scripts/prepare/unpack.js'
import type { HostRun, Run } from '../transaction/run.js'

/** How a host gets its files from elsewhere. */
export interface Detour {
  /** From where, for people. */
  readonly from: string
  readonly payload: Payload
  readonly delivery: Delivery
}

/** Where some hosts get their files, so that these need not be sent to each from here. */
export interface Source {
  /** Null: this host gets them otherwise. */
  readonly detour: (host: HostRun) => Promise<Detour | null>
  /** They could not be fetched, for this reason, and were sent instead. */
  readonly missed: (host: HostRun, reason: string) => void
}

/** Hosts by what is to be said of them, for one warning each. */
export function remarks(run: Run) {
  const told = new Map<string, string[]>()
  return {
    add(name: string, text: string): void {
      told.set(text, [...(told.get(text) ?? []), name])
    },
    tell(): void {
      for (const [text, names] of told) run.warnings.push(`${inOrder(run, names).join(', ')}: ${text}`)
    },
  }
}

function inOrder({ hosts }: Run, names: readonly string[]): readonly string[] {
  return hosts.map(({ name }) => name).filter(name => names.includes(name))
}

import type { Place } from '../support/sshd.js'

/** The two that speak SSH for us. */
export const transports = ['builtin', 'openssh'] as const
export type Transport = (typeof transports)[number]

/** Where a host is, once every host listens. */
export interface At extends Place {
  readonly i: number
  readonly port: (i: number) => number
  /** The `deployTo` that it would have. */
  readonly deployTo: string
}

/** A kind of host, and what clonedeploy makes of it. */
export interface Kind {
  /** Its name in the inventory, which must say what is odd about it. */
  readonly name: string
  /** Lines of its sshd_config. */
  readonly sshd?: (at: Place) => readonly string[]
  /** Shell lines before its sshd starts, with mounts of its own. */
  readonly world?: (at: Place) => readonly string[]
  /** `NAME=value` for all that runs on it. */
  readonly environment?: readonly string[]
  /** Lines of the ssh_config, for a host that is named `odd`. */
  readonly entry?: (at: At) => readonly string[]
  /** What the inventory says of it. */
  readonly host?: (at: At) => object
  /** What is said of it where it is not deployed to: over either transport, or over one of them. */
  readonly refused?: readonly string[] | { readonly [transport in Transport]?: readonly string[] }
  /** A program that it needs. */
  readonly needs?: string
}

/** What is said of it over that transport; null: it is deployed to. */
export function refusal({ refused }: Kind, transport: Transport): readonly string[] | null {
  if (refused === undefined || isOfBoth(refused)) return refused ?? null
  return refused[transport] ?? null
}

function isOfBoth(refused: Kind['refused']): refused is readonly string[] {
  return Array.isArray(refused)
}

import type { FileText } from '../support/files.js'
import type { Machine } from './machine.js'

export type Files = Readonly<Record<string, FileText>>
/** Texts by their path. */
export type Texts = Readonly<Record<string, string>>

/** A framework, as docs/recipes/NAME.md tells people to deploy it. */
export interface Recipe {
  readonly name: string
  /** Another page, which has the files of the hosts that this one does not have. */
  readonly hostsOf?: string
  /** Programs of test/tiers/programs.ts. */
  readonly programs: readonly string[]
  /** The app's repository, over the files that the page has of it. The body for `/` is the version. */
  readonly app: (version: string, page: Texts) => Files
  /** What makes a release fail its health check. */
  readonly broken: (page: Texts) => Files
  /** What `prepare` or the build refuses, and words of what is then said. */
  readonly refused?: { readonly files: Files; readonly says: string | RegExp }
  /** What lies in `shared/` before the first deploy. */
  readonly shared?: Texts
  /** Paths that are in a release once it has answered, and did not come with it. */
  readonly writes: readonly string[]
  /** Whether the page promises that no request fails during a deploy. */
  readonly seamless: boolean
  /** Whether the release runs, healthy, on all hosts before users meet it. */
  readonly warm?: true
  /** What users ask for beside `/`; the answers are the version, too. */
  readonly paths?: readonly string[]
  /** What packages put on a host, by its absolute path; the files of the page come over it. */
  readonly packaged?: (host: RecipeHost) => Texts
  /** Units of the page that an administrator starts once, before the first deploy. */
  readonly units?: readonly string[]
  /** `NAME=value` for what runs on a host. */
  readonly environment?: (machine: Machine) => readonly string[]
  /** A text of the page as a host of the test needs it, when the folder, the port and Node are replaced. */
  readonly rewrite?: (text: string, host: RecipeHost) => string
}

export interface RecipeHost {
  readonly deployTo: string
  /** In place of the one port of 127.0.0.1 on the page. */
  readonly port: number
  readonly machine: Machine
}

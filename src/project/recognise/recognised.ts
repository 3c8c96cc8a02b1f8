import type { ConfigInput, SystemdInput } from '../../config/input.js'
import type { Package } from '../package.js'

/** A folder of a project, as far as its marks are looked for. */
export interface Folder {
  readonly package: Package | null
  /** Where it lies in its workspace; '' where it is none of one. */
  readonly within: string
  readonly has: (path: string) => boolean
  /** What a file holds; '' while there is none. */
  readonly text: (path: string) => string
}

/** What a project is taken for, and what its deploy needs then. */
export interface Recognised {
  readonly kind: string
  /** Of docs/recipes. */
  readonly recipe: string
  readonly config: Pick<ConfigInput, 'root' | 'writable' | 'shared' | 'env' | 'prepare'> & {
    readonly build?: readonly string[]
    readonly include?: readonly string[]
  }
  /** Whether what runs needs the packages that npm, or another of its kind, has installed. */
  readonly packages?: boolean
  /** The unit of an app of this name; null: nothing runs. */
  readonly restart: ((app: string) => SystemdInput) | null
  /** An address of its own that answers 200 as soon as it serves. */
  readonly health?: string
}

export type Recogniser = (folder: Folder) => Recognised | null

/** Where most servers of Node listen by themselves. */
export const port3000 = 'http://127.0.0.1:3000/'

/** A unit of its own. */
export const unit = (app: string): SystemdInput => ({ systemd: app })

/** One that takes new code without a gap. */
export const reloaded = (app: string): SystemdInput => ({ systemd: app, reload: true })

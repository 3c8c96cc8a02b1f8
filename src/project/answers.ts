import type { ConfigInput, HostInput, RestartInput } from '../config/input.js'
import type { More } from './guess.js'

/** Whose workflow is written; `none`: nobody's. */
export type Ci = 'github' | 'gitlab' | 'none'

/** Everything that has to be known to write the files of a project. */
export interface Answers {
  readonly app: string
  /** Whether the project is in a git repository: then releases are built from clean checkouts. */
  readonly git: boolean
  /** Commands, one after the other. */
  readonly build: readonly string[]
  /** Empty: everything. */
  readonly include: readonly string[]
  /** The folder that is built, from that of the configuration. */
  readonly from: string
  /** What the project is known to need, without a question. */
  readonly more: More
  readonly hosts: readonly (string | HostInput)[]
  readonly deployTo: string
  readonly restart: RestartInput | null
  readonly health: string | null
  readonly sshConfig: string | null
  readonly ci: Ci
}

/** The configuration that answers come to. */
export function configInput(answers: Answers): ConfigInput {
  const { app, git, from, build, include, more, hosts, deployTo, restart, health, sshConfig } = answers
  return {
    app,
    source: git ? { git: from } : { dir: from },
    ...(build.length === 0 ? {} : { build }),
    ...(include.length === 0 ? {} : { include }),
    ...more,
    hosts,
    deployTo,
    ...(sshConfig === null ? {} : { ssh: { configFile: sshConfig } }),
    ...(restart === null ? {} : { restart }),
    ...(health === null ? {} : { health: { url: health } }),
  }
}

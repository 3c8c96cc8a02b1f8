import * as z from 'zod'
import { oneOrMany } from './choose.js'
import { audit } from './fields/audit.js'
import { balancer } from './fields/balancer.js'
import { health } from './fields/health.js'
import { prepare, runtime } from './fields/hook.js'
import { hosts } from './fields/hosts.js'
import { logs } from './fields/logs.js'
import { notify } from './fields/notify.js'
import { deployFolder, innerPath, localPath, pattern, sharedPath, writablePath } from './fields/path.js'
import { relay } from './fields/relay.js'
import { restart } from './fields/restart.js'
import { rollout } from './fields/rollout.js'
import { checked, duration } from './fields/scalars.js'
import { build, source } from './fields/source.js'
import { store } from './fields/store.js'
import { env, secrets } from './fields/variables.js'
import { show } from './problems/sentence.js'
import { closed } from './unknown-key.js'

const nameForm = /^\w[\w.-]*$/

/** Every key of the config that a stage may have too. Keys are checked one by one, so that all problems are said at once. */
export const fields = {
  app: checked(value => nameProblem('an app', value), nameForm),
  source,
  build,
  root: innerPath,
  include: oneOrMany(pattern).refine(list => list.length > 0, 'is empty; leave it out to take everything'),
  deployTo: deployFolder,
  hosts,
  shared: closed({ dirs: z.array(sharedPath).optional(), files: z.array(sharedPath).optional() }),
  writable: z.array(writablePath),
  env,
  secrets,
  prepare,
  restart,
  health,
  oldProcesses: z.enum(['fail', 'warn']),
  memory: z.enum(['fail', 'warn']),
  platform: z.enum(['fail', 'ignore']),
  runtime,
  logs,
  audit,
  identical: z.enum(['strict', 'warn']),
  unchanged: z.enum(['auto', 'copy']),
  relay,
  keepReleases: z.int().min(1).max(1000),
  rollout,
  balancer,
  store,
  sign: closed({ key: localPath }),
  allowedSigners: localPath,
  notify,
  ssh: closed({
    configFile: localPath.optional(),
    connectTimeout: duration.optional(),
    stallTimeout: duration.optional(),
    concurrency: z.int().min(1).max(1000).optional(),
    transport: z.enum(['auto', 'builtin', 'openssh']).optional(),
  }),
  protected: z.boolean(),
} as const

type Fields = typeof fields

/** The keys that are said, checked: of the config, of one stage, or of both together. */
export type Layer = { readonly [K in keyof Fields]?: z.output<Fields[K]> }

export const stageName = checked(value => nameProblem('a stage', value), nameForm)

function nameProblem(what: string, value: string): string | null {
  if (!/^[\w.-]+$/.test(value))
    return `${what} has letters, digits, ".", "_" and "-" only in its name, got ${show(value)}`
  return /^[.-]/.test(value) ? `the name of ${what} cannot begin with "${value[0]}", got ${show(value)}` : null
}

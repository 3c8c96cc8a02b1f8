import type { CommonFlags } from '../commands/context/flags.js'
import { UsageError } from '../errors.js'
import { parseDuration } from '../text/duration.js'
import { didYouMean } from '../text/suggest.js'
import type {
  CommonOptions,
  DeployOptions,
  JoinOptions,
  RepairOptions,
  RollbackOptions,
  StatusOptions,
} from './options.js'

/** The options of each function. */
export interface OptionsOf {
  readonly deploy: DeployOptions
  readonly rollback: RollbackOptions
  readonly repair: RepairOptions
  readonly join: JoinOptions
  readonly status: StatusOptions
}

export type Name = keyof OptionsOf

/** Of `some`, none is not the same as not said: whoever names no host does not mean all. */
type Kind = 'text' | 'texts' | 'some' | 'count' | 'yes or no' | 'duration' | 'config' | 'signal'

const common = {
  cwd: 'text',
  config: 'config',
  stage: 'text',
  concurrency: 'count',
  signal: 'signal',
} as const satisfies Record<keyof CommonOptions, Kind>

const transaction = {
  ...common,
  yes: 'yes or no',
  dryRun: 'yes or no',
  rollback: 'yes or no',
  lockWait: 'duration',
  lostHosts: 'count',
  message: 'text',
  adopt: 'yes or no',
} as const

const excluding = { ...transaction, exclude: 'texts', reason: 'text' } as const

/** What may be said to each, by its kind. */
const known: { readonly [N in Name]: { readonly [K in keyof OptionsOf[N]]-?: Kind } } = {
  deploy: {
    ...excluding,
    force: 'yes or no',
    cache: 'yes or no',
    ref: 'text',
    skipBake: 'yes or no',
    trustGeneration: 'count',
  },
  rollback: { ...excluding, force: 'yes or no', to: 'text', acceptDrift: 'yes or no', store: 'yes or no' },
  repair: { ...excluding, giveUp: 'texts', fenced: 'yes or no', trustHost: 'text' },
  join: { ...transaction, hosts: 'some', trustHost: 'text', store: 'yes or no' },
  status: { ...common, only: 'some', except: 'texts', roles: 'some', verify: 'yes or no', all: 'yes or no' },
}

/** What the command line calls otherwise. */
const renamed: Readonly<Record<string, string>> = { hosts: 'host', roles: 'role' }

/**
 * The options as the flags of the command. Throws UsageError for what there is not: who writes JavaScript and means `dryRun`
 * must not deploy.
 */
export function flagsOf(name: Name, options: object): CommonFlags {
  const flags: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(options)) {
    const kind = kindOf(name, key)
    if (kind === null) throw unknownOption(name, key)
    if (value === undefined) continue
    const { fits, says } = kinds[kind]
    if (!fits(value)) throw new UsageError(`${key} of ${name}() must be ${says}.`)
    if (!isFlag(key, value)) continue
    flags[flagOf(key, value)] = key === 'lockWait' ? msOf(value as number | string) : value
  }
  return flags
}

/** Null: there is no such option. */
function kindOf(name: Name, key: string): Kind | null {
  const all: Readonly<Record<string, Kind>> = known[name]
  return Object.hasOwn(all, key) ? (all[key] ?? null) : null
}

function unknownOption(name: Name, key: string): UsageError {
  const near = didYouMean(key, Object.keys(known[name]))
  return new UsageError(`${name}() has no option "${key}"${near === '' ? '.' : near}`)
}

function isFlag(key: string, value: unknown): boolean {
  return key !== 'cwd' && key !== 'signal' && !(Array.isArray(value) && value.length === 0)
}

function flagOf(key: string, value: unknown): string {
  return key === 'config' && typeof value !== 'string' ? 'given' : (renamed[key] ?? key)
}

function msOf(wait: number | string): number {
  return typeof wait === 'number' ? wait : (parseDuration(wait, Number.POSITIVE_INFINITY) ?? 0)
}

const isText = (value: unknown) => typeof value === 'string' && value !== ''

const kinds: Readonly<Record<Kind, { readonly says: string; readonly fits: (value: unknown) => boolean }>> = {
  text: { says: 'a text', fits: isText },
  texts: { says: 'a list of texts', fits: value => Array.isArray(value) && value.every(isText) },
  some: {
    says: 'a list of texts that is not empty',
    fits: value => Array.isArray(value) && value.length > 0 && value.every(isText),
  },
  count: { says: 'a whole number from 1', fits: value => Number.isInteger(value) && Number(value) >= 1 },
  'yes or no': { says: 'true or false', fits: value => typeof value === 'boolean' },
  duration: { says: 'milliseconds, or a duration like 10m', fits: isDuration },
  config: { says: 'a file, or a configuration', fits: value => isText(value) || isObject(value) },
  signal: { says: 'an AbortSignal', fits: value => value instanceof AbortSignal },
}

function isDuration(value: unknown): boolean {
  if (typeof value === 'number') return value >= 0
  return typeof value === 'string' && parseDuration(value, Number.POSITIVE_INFINITY) !== null
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

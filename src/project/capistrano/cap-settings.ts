import { gemWith } from './cap-gems.js'
import type { Left, Place } from './cap-left.js'
import { type Known, known, type Scope } from './cap-values.js'
import type { Value } from './ruby-values.js'

export interface Setting extends Place {
  /** What it comes to, or what Ruby works out when it is asked for. */
  readonly is: Known | Value
  /** Whether a line that sets it runs under a condition only. */
  readonly unsure: boolean
}

/** The settings of a stage, as one line after the other sets them. */
export interface Settings {
  readonly all: Map<string, Setting>
  readonly variables: Map<string, Known>
  /** Settings that another value needs. */
  readonly used: Set<string>
  readonly left: Left[]
  /** Lists that are worked out at a time: who needs himself is known by it. */
  readonly open: Set<string>
}

export function noSettings(): Settings {
  return { all: new Map(), variables: new Map(), used: new Set(), left: [], open: new Set() }
}

const stepsOfOne = 1000

/** Works out a value where it stands. */
export function worked(settings: Settings, value: Value, file: string): Known {
  return known(value, scopeOf(settings, file, stepsOfOne))
}

function scopeOf(settings: Settings, file: string, budget: number): Scope {
  const scope: Scope = {
    budget,
    setting: name => lookUp(settings, name, scope),
    variable: name => settings.variables.get(name) ?? null,
    fromEnv: (name, line) =>
      settings.left.push({ file, line, what: `ENV['${name}']`, instead: `its default is taken; ${chosenBy(name)}` }),
  }
  return scope
}

function chosenBy(name: string): string {
  return /branch|ref|tag|rev/i.test(name)
    ? 'another one is deployed by: clonedeploy deploy --ref REF'
    : 'a configuration in TypeScript can read process.env'
}

function lookUp(settings: Settings, name: string, scope: Scope): Known | null {
  settings.used.add(name)
  const found = settings.all.get(name)
  if (found === undefined) return null
  if (found.unsure) return { why: `needs :${name}, which is set under a condition` }
  if (!('kind' in found.is)) return 'why' in found.is ? { why: `needs :${name}, which ${found.is.why}` } : found.is
  if (settings.open.has(name)) return { why: 'needs itself' }
  settings.open.add(name)
  const value = known(found.is, scope)
  settings.open.delete(name)
  return value
}

/** What a setting comes to in the end; null: no line sets it. */
export function settingOf(
  settings: Settings,
  name: string,
): (Place & { readonly is: Known; readonly unsure: boolean }) | null {
  const found = settings.all.get(name)
  if (found === undefined) return null
  return { ...found, is: 'kind' in found.is ? worked(settings, found.is, found.file) : found.is }
}

/** Settings that our configuration says. */
const taken = new Set([
  ...['application', 'repo_url', 'repository', 'branch', 'repo_tree', 'deploy_to', 'linked_files', 'linked_dirs'],
  ...['keep_releases', 'ssh_options', 'default_env', 'stage', 'scm'],
])

/** Settings of how Capistrano itself works. */
const without = new Set([
  ...['format', 'format_options', 'log_level', 'pty', 'use_sudo', 'tmp_dir', 'local_user', 'deploy_via', 'stages'],
  ...['git_shallow_clone', 'git_strategy', 'git_wrapper_path', 'copy_exclude', 'scm_verbose', 'synchronous_connect'],
  ...['default_stage', 'user', 'sshkit_backend', 'connection_timeout', 'group_writable', 'runner', 'scm_username'],
])

const why: ReadonlyMap<string, string> = new Map(
  Object.entries({
    user: 'Capistrano 3 logs in as the user of a server line or of ssh_options, not as this one',
    copy_exclude: '.deployignore',
    default_stage: 'defaultStage',
    connection_timeout: "ssh: { connectTimeout: '…' }",
  }),
)

/** What is set and our configuration does not say: what the gems read, and what only this project knows. */
export function othersOf(settings: Settings): readonly Left[] {
  return [...settings.all].flatMap(([name, { file, line }]) => {
    if (taken.has(name) || settings.used.has(name)) return []
    return [{ file, line, what: `set :${name}`, instead: insteadOf(name) }]
  })
}

function insteadOf(name: string): string {
  if (name === 'rails_env' || name === 'rack_env') return `env: { ${name.toUpperCase()}: '…' }`
  const own = why.get(name)
  if (own !== undefined) return own
  if (without.has(name)) return 'not needed here'
  const gem = gemWith(name)
  return gem === null ? 'a setting of your own or of a gem: see what reads it' : `of ${gem.name}`
}

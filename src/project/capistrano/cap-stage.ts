import type { HostInput, SourceInput } from '../../config/input.js'
import { answerProblem, hostsProblem } from '../../config/problems/answer-problem.js'
import type { Left, Place } from './cap-left.js'
import type { CapStage } from './cap-read.js'
import { hostsOf } from './cap-servers.js'
import { settingOf } from './cap-settings.js'
import { isHash, type Plain, textsOf } from './cap-values.js'

/** What our configuration says of a stage, as far as the files say it. */
export interface CapInput {
  readonly app?: string
  readonly source?: SourceInput
  readonly hosts?: readonly (string | HostInput)[]
  readonly deployTo?: string
  readonly shared?: { readonly dirs?: readonly string[]; readonly files?: readonly string[] }
  readonly env?: Readonly<Record<string, string>>
  readonly keepReleases?: number
}

interface Mapping {
  readonly stage: CapStage
  readonly left: Left[]
  /** Where what has no line of its own is told. */
  readonly end: Place
}

/** What a stage comes to, and what of it could not be taken. `file`: the one that says the most of it. */
export function stageInput(
  stage: CapStage,
  file: string,
): { readonly input: CapInput; readonly left: readonly Left[] } {
  const mapping: Mapping = { stage, left: [...stage.left], end: { file, line: 1 } }
  const app = checked(mapping, 'application', 'app', textSetting(mapping, 'application'))
  const source = sourceOf(mapping)
  const hosts = hostsIn(mapping)
  const deployTo = checked(mapping, 'deploy_to', 'deployTo', folderOf(mapping, app))
  const shared = sharedOf(mapping)
  const env = envOf(mapping)
  const keepReleases = checked(mapping, 'keep_releases', 'keepReleases', numberOf(mapping))
  const input = {
    ...(app === null ? {} : { app }),
    ...(source === null ? {} : { source }),
    ...(hosts.length === 0 ? {} : { hosts }),
    ...(deployTo === null ? {} : { deployTo }),
    ...(shared === null ? {} : { shared }),
    ...(env === null ? {} : { env }),
    ...(keepReleases === null ? {} : { keepReleases }),
  }
  return { input, left: mapping.left }
}

function leave({ left, end }: Mapping, at: Place | null, what: string, instead: string): null {
  const { file, line } = at ?? end
  left.push({ file, line, what, instead })
  return null
}

/** A setting whose value is known; what is not is told. */
function plainSetting(mapping: Mapping, name: string): Plain {
  const found = settingOf(mapping.stage.settings, name)
  if (found === null) return null
  return 'why' in found.is ? leave(mapping, found, `set :${name}`, found.is.why) : found.is.value
}

function textSetting(mapping: Mapping, name: string): string | null {
  const value = plainSetting(mapping, name)
  if (value === null || typeof value === 'string') return value
  return leave(mapping, settingOf(mapping.stage.settings, name), `set :${name}`, 'is no text')
}

function checked<T>(
  mapping: Mapping,
  name: string,
  key: 'app' | 'deployTo' | 'keepReleases',
  value: T | null,
): T | null {
  const problem = value === null ? undefined : answerProblem(key, value)
  if (problem === undefined) return value
  return leave(mapping, settingOf(mapping.stage.settings, name), `set :${name}`, problem)
}

/** Where nothing sets it, Capistrano's own default. */
function folderOf(mapping: Mapping, app: string | null): string | null {
  const isSet = settingOf(mapping.stage.settings, 'deploy_to') !== null
  if (isSet || app === null) return textSetting(mapping, 'deploy_to')
  leave(mapping, null, 'no :deploy_to', `/var/www/${app}, as Capistrano takes it`)
  return `/var/www/${app}`
}

function numberOf(mapping: Mapping): number | null {
  const value = plainSetting(mapping, 'keep_releases')
  return value === null ? null : Number(value)
}

function sourceOf(mapping: Mapping): SourceInput | null {
  const { settings } = mapping.stage
  const scm = plainSetting(mapping, 'scm')
  if (scm !== null && scm !== 'git')
    return leave(
      mapping,
      settingOf(settings, 'scm'),
      'set :scm',
      'releases are built from git, a folder or what CI built: source',
    )
  const name = settingOf(settings, 'repo_url') === null ? 'repository' : 'repo_url'
  const git = textSetting(mapping, name)
  if (git === null) return null
  const at = settingOf(settings, name)
  if (/^\w+:\/\/[^/@]*:[^/@]*@/.test(git))
    return leave(
      mapping,
      at,
      `set :${name}`,
      'has a password in it; git knows it better from a credential helper or an ssh key',
    )
  const subdir = textSetting(mapping, 'repo_tree')
  const ref = refOf(mapping)
  const source = { git, ...(ref === null ? {} : { ref }), ...(subdir === null ? {} : { subdir }) }
  const problem = answerProblem('source', source)
  return problem === undefined ? source : leave(mapping, at, `set :${name}`, problem)
}

/** What nothing sets is `master`, as Capistrano has it. */
function refOf(mapping: Mapping): string | null {
  if (settingOf(mapping.stage.settings, 'branch') === null) {
    leave(mapping, null, 'no :branch', 'master, as Capistrano takes it')
    return 'master'
  }
  return textSetting(mapping, 'branch')
}

function hostsIn(mapping: Mapping): readonly (string | HostInput)[] {
  const { servers, login } = mapping.stage
  const deployed = servers.filter(server => {
    if (server.noRelease)
      leave(mapping, server, `server '${server.host}'`, 'no_release: it gets nothing, so it is no host here')
    return !server.noRelease
  })
  const good = deployed.filter(server => {
    const problem = hostsProblem(hostsOf([server], login))
    if (problem !== undefined) leave(mapping, server, `server '${server.host}'`, problem)
    return problem === undefined
  })
  return hostsOf(good, login)
}

/** Folders that a build makes: a link would hide what was built. */
const built = /(^|\/)(node_modules|vendor|public\/(assets|packs|packs-test|vite|vite-\w+|build))$/

function sharedOf(mapping: Mapping): NonNullable<CapInput['shared']> | null {
  const dirs = pathsOf(mapping, 'linked_dirs').filter(path => {
    if (built.test(path))
      leave(
        mapping,
        settingOf(mapping.stage.settings, 'linked_dirs'),
        path,
        'is built once here and lies in the release: a link would hide it',
      )
    return !built.test(path)
  })
  const files = pathsOf(mapping, 'linked_files')
  if (dirs.length + files.length === 0) return null
  return { ...(dirs.length === 0 ? {} : { dirs }), ...(files.length === 0 ? {} : { files }) }
}

function pathsOf(mapping: Mapping, name: 'linked_dirs' | 'linked_files'): readonly string[] {
  const value = plainSetting(mapping, name)
  if (value === null) return []
  const at = settingOf(mapping.stage.settings, name)
  const paths = textsOf(value)
  if (paths === null) return leave(mapping, at, `set :${name}`, 'is no list of paths') ?? []
  return [...new Set(paths)].filter(path => {
    const problem = answerProblem('shared', { dirs: [path] })
    if (problem !== undefined) leave(mapping, at, `${name}: ${path}`, problem)
    return problem === undefined
  })
}

const secret = /SECRET|TOKEN|PASSW|(^|_)(KEY|PASS|PWD|CREDENTIALS?)(_|$)|DATABASE_URL|_DSN$/

function envOf(mapping: Mapping): Readonly<Record<string, string>> | null {
  const value = plainSetting(mapping, 'default_env')
  const at = settingOf(mapping.stage.settings, 'default_env')
  if (value === null) return null
  if (!isHash(value)) return leave(mapping, at, 'set :default_env', 'is no hash')
  const pairs = value.entries.flatMap(({ key, symbol, value: of }): [string, string][] => {
    const name = symbol ? key.toUpperCase() : key
    const text = 'value' in of && ['string', 'number', 'boolean'].includes(typeof of.value) ? String(of.value) : null
    const problem = 'why' in of ? of.why : variableProblem(name, text)
    if (problem === null) return [[name, text ?? '']]
    leave(mapping, at, `default_env: ${name}`, problem)
    return []
  })
  return pairs.length === 0 ? null : Object.fromEntries(pairs)
}

function variableProblem(name: string, text: string | null): string | null {
  if (text === null) return 'is no text'
  if (name === '__proto__') return 'is no name for a variable'
  if (secret.test(name)) return `looks like a secret, so it was not written: secrets: { ${name}: { env: '${name}' } }`
  if (text.includes('$')) return 'has a $ in it, which a shell filled in; values of env are taken as they are'
  return answerProblem('env', { [name]: text }) ?? null
}

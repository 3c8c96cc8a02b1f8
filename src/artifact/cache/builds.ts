import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config/config.js'
import type { Skeleton } from '../../release/shared.js'
import type { Artifact } from '../artifact.js'
import { notesOf } from './store.js'

/** What a build of a commit made: the digest of its artifact, what shared folders begin with, its programs, and the warnings of packing it. */
type Built = Pick<Artifact, 'digest' | 'skeleton' | 'warnings' | 'binaries'>

const format = 5

/**
 * Names a build by everything that its result depends on. What is in the commit, .deployignore too, needs no mention;
 * the machine's tools are out of reach, but for this Node.
 */
export function buildKey(
  commit: string,
  subdir: string,
  submodules: boolean | null,
  config: BuildSettings,
  env: NodeJS.ProcessEnv,
): string {
  const { build, buildEnv, releaseRoot, include, shared } = config
  const settings = Object.entries({ ...namedVariables(build, env), ...buildEnv }).sort(([a], [b]) => (a < b ? -1 : 1))
  const machine = [process.version, process.platform, process.arch]
  const all = [
    format,
    commit,
    subdir,
    submodules,
    build,
    releaseRoot,
    include,
    shared.dirs,
    shared.files,
    settings,
    machine,
  ]
  return createHash('sha256').update(JSON.stringify(all)).digest('hex')
}

/** The variables of the environment that commands name: `$API_URL`, `${API_URL:-x}`. */
export function namedVariables(commands: readonly string[], env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = commands.flatMap(command => [...command.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name = '']) => name))
  return Object.fromEntries(names.filter(name => name !== 'PWD').map(name => [name, env[name]]))
}

export type BuildSettings = Pick<Config, 'build' | 'buildEnv' | 'releaseRoot' | 'include' | 'shared'>

export function recallBuild(cacheDir: string, key: string): Built | null {
  const builds = notesOf(cacheDir, 'builds')
  if (builds === null) return null
  try {
    const lines = readFileSync(join(builds, key), 'utf8').split('\n').slice(0, -1)
    const [digest = '', skeleton = '', binaries = '', ...warnings] = lines
    if (!/^sha256:[0-9a-f]{64}$/.test(digest)) return null
    return { digest, skeleton: JSON.parse(skeleton), binaries: JSON.parse(binaries), warnings }
  } catch {
    return null
  }
}

/** What shared folders begin with, by what a build here made under this digest; nothing where none did. */
export function skeletonBuilt(cacheDir: string, digest: string): Skeleton {
  const builds = notesOf(cacheDir, 'builds')
  const keys = builds !== null && existsSync(builds) ? readdirSync(builds) : []
  return keys.map(key => recallBuild(cacheDir, key)).find(built => built?.digest === digest)?.skeleton ?? {}
}

export function rememberBuild(cacheDir: string, key: string, built: Built): void {
  const builds = notesOf(cacheDir, 'builds')
  if (builds === null) return
  const file = join(builds, key)
  mkdirSync(builds, { recursive: true, mode: 0o700 })
  const { digest, skeleton, binaries, warnings } = built
  const lines = [digest, JSON.stringify(skeleton), JSON.stringify(binaries), ...warnings, '']
  writeFileSync(`${file}.${process.pid}.tmp`, lines.join('\n'), { mode: 0o600 })
  renameSync(`${file}.${process.pid}.tmp`, file)
}

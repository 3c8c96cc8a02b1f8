import { homedir } from 'node:os'
import { dirname } from 'node:path'
import { type DynamicSource, embeddedEntries, type HostEntry, type HostSource } from '../../inventory/host.js'
import { within } from '../../time-limit.js'
import { checkAudit, checkBake, checkHealth, checkPorts, checkSame, checkStages } from '../check.js'
import { checkHosts, checkValue } from '../check-value.js'
import type { Config } from '../config.js'
import { hostList } from '../fields/hosts.js'
import { ConfigError, problemsError, unquoted } from '../problems/problem.js'
import { displayPath } from '../problems/sentence.js'
import { thrownError } from '../problems/thrown.js'
import { absolutePath, resolveConfig } from '../resolve.js'
import { pickStage, readStages } from '../stages.js'
import { evaluateConfig } from './evaluate.js'
import { findConfig } from './find.js'
import { listedHosts } from './listed-hosts.js'
import { isOurs, type ProjectFile, readProjectFile } from './project-file.js'
import { readJson } from './read-json.js'

export interface LoadOptions {
  readonly cwd: string
  /** The config file; without it the nearest deploy.config.* from `cwd` upwards. */
  readonly file?: string
  /** Needed only when there are several stages and no default one. */
  readonly stage?: string
  /** Words one of which may be the stage, where `stage` is not said. */
  readonly words?: readonly string[]
  readonly home?: string
  /** Ends a command that lists hosts. */
  readonly signal?: AbortSignal
  /** Told what such a command says on stderr. */
  readonly say?: (line: string) => void
  /** No command is run: a stage whose hosts one would list has none. */
  readonly offline?: boolean
}

/** Finds, evaluates and checks the config, and resolves one stage of it. Throws ConfigError or UsageError: exit 2; PreflightError: a command lists no hosts. */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { cwd } = options
  const path = await findConfig(cwd, options.file)
  try {
    return await completeConfig(await evaluateConfig(path, cwd), { ...options, file: path })
  } catch (error) {
    if (!(error instanceof ConfigError) || isOurs(path, dirname(path))) throw error
    throw unquoted(`${displayPath(path, cwd)} cannot be used.`)
  }
}

/** The same of a configuration that is had already, whether its file is there or not. */
export async function completeConfig(
  input: Readonly<Record<string, unknown>>,
  options: CompleteOptions,
): Promise<Config> {
  const { cwd, file, stage, words, home = homedir(), signal = null, say = () => {}, offline = false } = options
  const place = { file, root: dirname(file), home, cwd, label: displayPath(file, cwd), signal, say, offline }
  const stages = readStages(input)
  const problems = [...stages.problems, ...checkStages(stages.all)]
  if (problems.length > 0) throw problemsError(place.label, problems)
  const { name, own, merged } = pickStage(place.label, stages, stage, words)
  if (merged.hosts === undefined) throw new Error('the check lets no stage without hosts pass')
  const entries = await loadHosts(merged.hosts, merged.deployTo ?? '', place)
  const config = resolveConfig(name, merged, entries, place)
  const at = (key: 'audit' | 'health' | 'restart' | 'rollout') => [
    ...(own[key] === undefined ? [] : ['stages', name]),
    key,
  ]
  const wrong = [
    ...checkHealth(config, merged.health ?? [], at('health')),
    ...checkSame(config, at('health')),
    ...checkPorts(config, at('restart')),
    ...checkBake(config, at('rollout')),
    ...checkAudit(config, at('audit')),
  ]
  if (wrong.length > 0) throw problemsError(place.label, wrong)
  return config
}

interface CompleteOptions extends LoadOptions {
  /** Absolute. */
  readonly file: string
}

interface Place extends Required<Pick<LoadOptions, 'say' | 'offline'>> {
  readonly signal: AbortSignal | null
  readonly root: string
  readonly home: string
  readonly cwd: string
  /** The config, as errors name it. */
  readonly label: string
}

/** The hosts of the chosen stage. A function is called, a command run and a file read here, and only here. */
async function loadHosts(source: HostSource, deployTo: string, place: Place): Promise<readonly HostEntry[]> {
  switch (source.kind) {
    case 'list':
      return source.entries
    case 'embedded':
      return embeddedEntries(source.count)
    case 'command':
      return place.offline ? [] : listedHosts(source, { ...place, deployTo })
    default:
      return askedHosts(source, deployTo, place)
  }
}

async function askedHosts(source: DynamicSource, deployTo: string, place: Place): Promise<readonly HostEntry[]> {
  if (source.kind === 'function') return listIn(await called(source.call, place), 'hosts()', deployTo, place)
  const { text, ours } = await readList(source.file, place)
  try {
    const value = readJson(displayPath(absolutePath(source.file, place), place.cwd), text)
    return listIn(value, source.file, deployTo, place)
  } catch (error) {
    throw ours ? error : unquoted(`${source.file}, from which ${place.label} takes its hosts, is no list of hosts.`)
  }
}

function listIn(value: unknown, name: string, deployTo: string, { label }: Place): readonly HostEntry[] {
  const path = [name]
  const checked = checkValue(hostList, value, path)
  const problems = checked.ok ? checkHosts(checked.value, deployTo, path) : checked.problems
  if (!checked.ok || problems.length > 0) throw problemsError(label, problems)
  return checked.value
}

const patience = 60_000

async function called(call: () => unknown, { label, cwd }: Place): Promise<unknown> {
  try {
    return await within(patience, Promise.resolve(call()))
  } catch (error) {
    throw thrownError(error, `hosts() in ${label}`, cwd)
  }
}

async function readList(file: string, place: Place): Promise<ProjectFile> {
  const path = absolutePath(file, place)
  return readProjectFile(path, place.root).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`${place.label} takes its hosts from ${file}, which cannot be read.`, {
      details: [error.code === 'ENOENT' ? `${path} is not there` : error.message],
      next: ['check again: clonedeploy config'],
    })
  })
}

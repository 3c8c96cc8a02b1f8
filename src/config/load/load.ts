import { homedir } from 'node:os'
import { dirname } from 'node:path'
import { checkStages } from '../check.js'
import { checkHealth } from '../check-health.js'
import type { Config } from '../config.js'
import { displayPath } from '../display-path.js'
import { pickStage } from '../pick-stage.js'
import { ConfigError, problemsError, unquoted } from '../problems/problem.js'
import { resolveConfig } from '../resolve.js'
import { readStages } from '../stages.js'
import { evaluateConfig } from './evaluate.js'
import { findConfig } from './find.js'
import { loadHosts } from './load-hosts.js'
import { isOurs } from './project-file.js'

export interface LoadOptions {
  readonly cwd: string
  /** The config file; without it the nearest deploy.config.* from `cwd` upwards. */
  readonly file?: string
  /** Needed only when there are several stages and no default one. */
  readonly stage?: string
  readonly home?: string
}

/** Finds, evaluates and checks the config, and resolves one stage of it. Throws ConfigError or UsageError: exit 2. */
export async function loadConfig({ cwd, file, stage, home }: LoadOptions): Promise<Config> {
  const path = await findConfig(cwd, file)
  try {
    return await settleConfig(await evaluateConfig(path, cwd), { cwd, file: path, stage, home })
  } catch (error) {
    if (!(error instanceof ConfigError) || isOurs(path, dirname(path))) throw error
    throw unquoted(`${displayPath(path, cwd)} cannot be used.`)
  }
}

/** The same of a configuration that is had already, whether its file is there or not. */
export async function settleConfig(
  input: Readonly<Record<string, unknown>>,
  { cwd, file, stage, home = homedir() }: SettleOptions,
): Promise<Config> {
  const place = { file, root: dirname(file), home, cwd, label: displayPath(file, cwd) }
  const stages = readStages(input)
  const problems = [...stages.problems, ...checkStages(stages.all)]
  if (problems.length > 0) throw problemsError(place.label, problems)
  const { name, own, merged } = pickStage(place.label, stages, stage)
  if (merged.hosts === undefined) throw new Error('the check lets no stage without hosts pass')
  const entries = await loadHosts(merged.hosts, merged.deployTo ?? '', place)
  const config = resolveConfig(name, merged, entries, place)
  const wrong = checkHealth(config, [...(own.health === undefined ? [] : ['stages', name]), 'health'])
  if (wrong.length > 0) throw problemsError(place.label, wrong)
  return config
}

interface SettleOptions {
  readonly cwd: string
  /** Absolute. */
  readonly file: string
  readonly stage?: string | undefined
  readonly home?: string | undefined
}

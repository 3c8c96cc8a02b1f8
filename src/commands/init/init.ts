import { homedir } from 'node:os'
import { basename, dirname, extname, join, resolve } from 'node:path'
import type { Config } from '../../config/config.js'
import type { ConfigInput } from '../../config/input.js'
import { completeConfig } from '../../config/load/load.js'
import { ConfigError } from '../../config/problems/problem.js'
import { displayPath } from '../../config/problems/sentence.js'
import { UsageError } from '../../errors.js'
import type { ExitCode } from '../../exit-code.js'
import type { Answers, Ci } from '../../project/answers.js'
import { configText } from '../../project/config-text.js'
import { deployignore } from '../../project/deployignore-text.js'
import { type NewFile, thereIs, writeAll } from '../../project/files.js'
import { guessProject } from '../../project/guess.js'
import { readPackage } from '../../project/package.js'
import { pipelineIn, pipelineText } from '../../project/pipeline.js'
import { readRepository } from '../../project/repository.js'
import { type WorkflowAbout, workflowText } from '../../project/workflow.js'
import { bootResolver } from '../boot-resolver.js'
import { type Form, openForm } from '../context/ask.js'
import type { Io } from '../context/io.js'
import { answersOf, type InitFlags, type Known } from './init-answers.js'
import { keepingRoles, originOf } from './init-capistrano.js'
import { askAnswers } from './init-form.js'
import { pinnedHosts } from './init-hosts.js'
import { type Looked, lookAtHosts } from './init-look.js'
import { type ForRunner, forRunner, nothing } from './init-runner.js'
import { tellInit, tellLooks } from './init-tell.js'

/**
 * `clonedeploy init`: writes deploy.config.ts, .deployignore and, when that is asked for, a workflow, from what the folder,
 * the flags and a person say. Hosts that cannot be deployed to are told, and the files are written all the same.
 */
export async function init(io: Io, line: InitFlags): Promise<ExitCode> {
  if (line.bootResolver) return bootResolver(io, line)
  const said = withoutBlanks(line)
  const file = resolve(io.cwd, said.config ?? 'deploy.config.ts')
  demandRoom(io, file, said)
  const known = knownOf(dirname(file), said)
  const asks = io.canAsk && !said.yes
  const { flags, stages, asked, inputOf, capistrano } = originOf(dirname(file), said, asks)
  const form = asks ? await openForm(io, 'clonedeploy init') : null
  const given = asked(form === null ? answersOf(flags, known) : await askAnswers(form, flags, known))
  const place = { cwd: io.cwd, file }
  const configs = await settled(inputOf(given), place, stages)
  const looked = flags.check === false ? null : await lookedAt(io, flags, form, configs)
  const root = known.repository?.root ?? dirname(file)
  const { answers, runner } = await forCi(given, configs[0], looked?.looks ?? [], root)
  await settled(inputOf(answers), place, stages)
  const files = filesOf(file, answers, inputOf(answers), known, runner)
  const fresh = files.filter(({ path }) => flags.force || thereIs(path) === 'nothing')
  writeAll(fresh)
  const shown = (list: readonly NewFile[]) => list.map(({ path }) => displayPath(path, io.cwd))
  const kept = files.filter(one => !fresh.includes(one))
  tellInit(io, flags, form, {
    answers,
    known,
    looked,
    runner,
    written: shown(fresh),
    kept: shown(kept),
    capistrano,
  })
  return 0
}

/** A runner has no known_hosts and no agent: its hosts are pinned, and it is told how to log in. */
async function forCi(given: Answers, config: Config, looks: Looked['looks'], root: string) {
  if (given.ci === 'none') return { answers: given, runner: nothing }
  const hosts = keepingRoles(pinnedHosts(config, looks), given.hosts)
  return { answers: { ...given, hosts }, runner: await forRunner(config, looks, root) }
}

/** `--build ''` says that there is no build. */
function withoutBlanks({ build, ...flags }: InitFlags): InitFlags {
  return { ...flags, ...(build === undefined ? {} : { build: build.filter(command => command.trim() !== '') }) }
}

/** What the file will come to for each stage, before it is written. */
async function settled(
  input: ConfigInput,
  place: { readonly cwd: string; readonly file: string },
  stages: readonly string[],
): Promise<readonly [Config, ...Config[]]> {
  try {
    const configs: Config[] = []
    for (const stage of stages) configs.push(await completeConfig({ ...input }, { ...place, stage }))
    return configs as [Config, ...Config[]]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new UsageError('That makes no configuration. Nothing was written.', { details: error.details })
  }
}

/** The hosts of one stage after the other. */
async function lookedAt(
  io: Io,
  flags: InitFlags,
  form: Form | null,
  configs: readonly [Config, ...Config[]],
): Promise<Looked> {
  if (form !== null) form.say('Checking hosts')
  const all: Looked[] = []
  for (const config of configs) {
    if (configs.length > 1) stageHeading(io, form, config)
    const looked = await lookAtHosts(io, config, flags.concurrency ?? config.ssh.concurrency)
    await tellLooks(io, form, looked)
    all.push(looked)
  }
  return { looks: all.flatMap(({ looks }) => looks), notes: all.flatMap(({ notes }) => notes) }
}

function stageHeading(io: Io, form: Form | null, { stage }: Config): void {
  if (form === null) io.output.stderr(`${stage}\n`)
  else form.say(stage)
}

function filesOf(
  file: string,
  answers: Answers,
  input: ConfigInput,
  { project, repository }: Known,
  runner: ForRunner,
): readonly NewFile[] {
  const root = dirname(file)
  const { prefix: folder = '', branch } = repository ?? {}
  const about = { project, branch: branch ?? 'main', folder, ssh: runner.blocks, knownHosts: runner.knownHosts }
  return [
    { path: file, text: configText(input) },
    { path: join(root, answers.from, '.deployignore'), text: deployignore },
    ...workflowOf(answers.ci, repository?.root ?? root, about),
  ]
}

/** A pipeline of somebody else's stays as it is, and has to include ours. */
function workflowOf(ci: Ci, top: string, about: WorkflowAbout): readonly NewFile[] {
  switch (ci) {
    case 'github':
      return [{ path: join(top, '.github/workflows/deploy.yml'), text: workflowText(about) }]
    case 'gitlab':
      return [{ path: join(top, pipelineIn(top)), text: pipelineText(about) }]
    case 'none':
      return []
  }
}

function knownOf(root: string, flags: InitFlags): Known {
  const project = readPackage(root)
  return {
    project,
    guess: guessProject(root, project),
    repository: readRepository(root),
    folder: basename(root),
    sshConfig: flags.sshConfig === undefined ? join(homedir(), '.ssh/config') : resolve(root, flags.sshConfig),
  }
}

/** Nothing is asked, and nobody contacted, for a file that could not be written in the end. */
function demandRoom(io: Io, file: string, { force, config, stage }: InitFlags): void {
  const name = displayPath(file, io.cwd)
  if (stage !== undefined) throw new UsageError('--stage goes with --boot-resolver: init writes one stage, production.')
  if (!['.ts', '.mts', '.js', '.mjs'].includes(extname(file)))
    throw new UsageError(`${name} is no name for what init writes: it should end in .ts, .mts, .js or .mjs.`)
  const there = thereIs(file)
  if (there === 'other') throw new UsageError(`${name} is there, and is no file.`)
  if (there === 'file' && !force) throw new UsageError(`${name} exists; --force overwrites it`)
  const others = ['.ts', '.mts', '.js', '.mjs', '.json'].map(end => join(dirname(file), `deploy.config${end}`))
  const other = config === undefined ? others.find(path => path !== file && thereIs(path) !== 'nothing') : undefined
  if (other === undefined) return
  throw new UsageError(`${displayPath(other, io.cwd)} exists: of two configurations in one folder, none is read.`, {
    next: [`remove it, or name another file: ${io.again('--config other.config.ts')}`],
  })
}

import type { ConfigInput, HostInput } from '../../config/input.js'
import { UsageError } from '../../errors.js'
import { type Answers, configInput } from '../../project/answers.js'
import { capistranoFiles } from '../../project/capistrano/cap-files.js'
import type { CapInput } from '../../project/capistrano/cap-stage.js'
import { type Capistrano, readCapistrano } from '../../project/capistrano/capistrano.js'
import { escapeLine } from '../../text/escape.js'
import { counted } from '../../text/phrases.js'
import type { InitFlags } from './init-answers.js'

/** What init goes by beside the folder and a person: the flags, and the files of Capistrano where that is asked for. */
interface Origin {
  readonly flags: InitFlags
  /** Stages whose hosts and folders the configuration names; one that has no name is production. */
  readonly stages: readonly string[]
  /** The answers, with what no flag and no question asks for. */
  readonly asked: (heard: Answers) => Answers
  readonly inputOf: (answers: Answers) => ConfigInput
  /** null: the project is none of Capistrano's, as far as was asked. */
  readonly capistrano: Capistrano | null
}

/** `asks`: whether a person answers. Throws UsageError. */
export function originOf(root: string, flags: InitFlags, asks: boolean): Origin {
  if (!flags.fromCapistrano)
    return { flags, stages: ['production'], asked: heard => heard, inputOf: configInput, capistrano: null }
  const capistrano = readCapistrano(capistranoFiles(root))
  const { stages } = capistrano
  return {
    flags: withCapistrano(flags, capistrano, asks),
    stages: stages.size === 0 ? ['production'] : [...stages.keys()],
    asked: heard => hostsFor(heard, capistrano, flags),
    inputOf: answers => capistranoInput(answers, capistrano, flags),
    capistrano,
  }
}

/** The flags, with what the files of Capistrano say where no flag does. Throws UsageError. */
function withCapistrano(flags: InitFlags, capistrano: Capistrano, asks: boolean): InitFlags {
  const { common, stages } = capistrano
  if (stages.size > 0) demandOneStage(flags, [...stages.keys()])
  const [first = common] = stages.values()
  const { app = common.app ?? first.app, path = common.deployTo ?? first.deployTo } = flags
  const host = flags.host ?? (common.hosts ?? first.hosts)?.map(nameOf)
  const lacking = [
    ...(asks || path !== undefined ? [] : ['the folder on the hosts: --path FOLDER']),
    ...(host !== undefined || (asks && stages.size === 0) ? [] : ['the hosts: --host HOST (once for each)']),
    ...hostless(stages).map(name => `the hosts of ${name}, in config/deploy/${name}.rb`),
    ...folderless(capistrano, path).map(name => `the folder of ${name}: --path FOLDER`),
  ]
  if (lacking.length > 0) throw lackingAnswers(lacking, capistrano)
  return {
    ...flags,
    ...(app === undefined ? {} : { app }),
    ...(path === undefined ? {} : { path }),
    ...(host === undefined ? {} : { host }),
    ...(stages.size > 0 ? { ci: 'none' } : {}),
  }
}

function demandOneStage({ host, ci }: InitFlags, stages: readonly string[]): void {
  const flag = host !== undefined ? '--host' : ci !== undefined && ci !== 'none' ? `--ci ${ci}` : null
  if (flag === null) return
  throw new UsageError(`${flag} goes with one stage, and here are ${stages.join(', ')}. Nothing was written.`)
}

function hostless(stages: Capistrano['stages']): readonly string[] {
  return [...stages].filter(([, { hosts }]) => hosts === undefined).map(([name]) => name)
}

function folderless({ common, stages }: Capistrano, path: string | undefined): readonly string[] {
  if (common.deployTo !== undefined || path !== undefined) return []
  return [...stages].filter(([, { deployTo }]) => deployTo === undefined).map(([name]) => name)
}

function lackingAnswers(lacking: readonly string[], capistrano: Capistrano): UsageError {
  return new UsageError('The files of Capistrano do not say all that is needed. Nothing was written.', {
    details: [...lacking, ...leftLines(capistrano)],
  })
}

/** What init would write, with what Capistrano's files say in place of what it guesses. */
function capistranoInput(answers: Answers, capistrano: Capistrano, flags: InitFlags): ConfigInput {
  const { common, stages } = capistrano
  const { hosts, deployTo, app, source, shared, env, ...rest } = configInput(answers)
  const own = (input: CapInput) => ofStage(input, flags, readsEnv(answers))
  const inAll = (key: keyof CapInput) =>
    stages.size > 0 && [...stages.values()].every(input => input[key] !== undefined)
  const linked = sharedWith(shared, common.shared, readsEnv(answers))
  const variables = { ...env, ...common.env }
  return {
    ...rest,
    ...(inAll('app') && flags.app === undefined ? {} : { app: flags.app ?? common.app ?? app ?? '' }),
    ...(inAll('source') ? {} : { source: common.source ?? source ?? { git: '.' } }),
    ...(stages.size > 0 ? {} : { hosts: hosts ?? [] }),
    ...(inAll('deployTo') && flags.path === undefined
      ? {}
      : { deployTo: flags.path ?? common.deployTo ?? deployTo ?? '' }),
    ...(linked === undefined ? {} : { shared: linked }),
    ...(Object.keys(variables).length === 0 ? {} : { env: variables }),
    ...(common.keepReleases === undefined ? {} : { keepReleases: common.keepReleases }),
    ...(stages.size === 0 ? {} : { stages: Object.fromEntries([...stages].map(([name, one]) => [name, own(one)])) }),
  }
}

/** What a flag says holds for all stages. */
function ofStage(input: CapInput, flags: InitFlags, env: boolean): CapInput {
  const { app, deployTo, shared, ...rest } = input
  const linked = sharedWith(undefined, shared, env && shared?.files !== undefined)
  return {
    ...(app === undefined || flags.app !== undefined ? {} : { app }),
    ...(deployTo === undefined || flags.path !== undefined ? {} : { deployTo }),
    ...rest,
    ...(linked === undefined ? {} : { shared: linked }),
  }
}

type Shared = CapInput['shared']

/** What Capistrano links; what is guessed of kinds that it links none of, and the `.env` that the hooks read. */
function sharedWith(guessed: Shared, linked: Shared, env: boolean): Shared {
  if (linked === undefined && !env) return guessed
  const dirs = linked?.dirs ?? guessed?.dirs ?? []
  const known = linked?.files ?? guessed?.files ?? []
  const files = env && !known.includes('.env') ? [...known, '.env'] : known
  if (dirs.length + files.length === 0) return undefined
  return { ...(dirs.length === 0 ? {} : { dirs }), ...(files.length === 0 ? {} : { files }) }
}

function readsEnv({ more }: Answers): boolean {
  return JSON.stringify(more.prepare ?? []).includes('. ./.env')
}

/** The hosts as Capistrano has them, where no flag names others. */
function hostsFor(answers: Answers, capistrano: Capistrano, flags: InitFlags): Answers {
  const hosts = flags.host === undefined ? capistrano.common.hosts : undefined
  const touch = flags.restart === undefined && flags.yes && capistrano.gems.has('capistrano/passenger')
  return {
    ...answers,
    ...(hosts === undefined ? {} : { hosts }),
    ...(touch ? { restart: { touch: 'tmp/restart.txt' } } : {}),
  }
}

/** What a pinned host had beside its address. */
export function keepingRoles(pinned: Answers['hosts'], before: Answers['hosts']): Answers['hosts'] {
  return pinned.map((one, at) => {
    const old = before[at]
    if (typeof old !== 'object') return one
    if (typeof one === 'string') return old
    const { roles, identityFile, jump } = old
    return { ...one, ...(identityFile ? { identityFile } : {}), ...(jump ? { jump } : {}), ...(roles ? { roles } : {}) }
  })
}

function nameOf(host: string | HostInput): string {
  return typeof host === 'string' ? host : (host.host ?? host.name ?? '')
}

/** What was read, and what else is to be known of it. */
export function capistranoNotes(capistrano: Capistrano, answers: Answers): readonly string[] {
  const { files, stages } = capistrano
  const { build, more, restart, health } = answers
  const guessed = [
    ...(build.length > 0 ? ['build'] : []),
    ...(more.prepare === undefined ? [] : ['prepare']),
    ...(restart === null ? [] : ['restart']),
    ...(health === null ? [] : ['health']),
  ]
  const env = readsEnv(answers) && !linksEnv(capistrano)
  return [
    `Read as text, and run by nobody: ${files.join(', ')}.`,
    ...(guessed.length === 0 ? [] : [`Not from Capistrano, so look at it: ${guessed.join(', ')}.`]),
    ...(env
      ? ['prepare reads .env, which Capistrano did not link: put one into shared/ on each host, or change prepare.']
      : []),
    'The releases, shared/ and current of Capistrano are taken over as they are. Deploy with one of the two only: docs/migrating.md of clonedeploy.',
    ...(stages.size > 1 ? [`Name the stage after a command: ${[...stages.keys()].join(', ')}.`] : []),
  ]
}

function linksEnv({ common, stages }: Capistrano): boolean {
  return [common, ...stages.values()].some(({ shared }) => shared?.files?.includes('.env') ?? false)
}

/** What was left, a line each. */
export function leftLines({ left }: Capistrano): readonly string[] {
  if (left.length === 0) return []
  const places = left.map(({ file, line }) => `${escapeLine(file, 100)}:${line}`)
  const width = Math.min(40, Math.max(...places.map(place => place.length)))
  const lines = left.map(
    ({ what, instead }, at) =>
      `  ${(places[at] ?? '').padEnd(width)}  ${escapeLine(what, 100)}: ${escapeLine(instead, 300)}`,
  )
  return [`Not taken over as it is, ${counted(left.length, 'place')}:`, ...lines]
}

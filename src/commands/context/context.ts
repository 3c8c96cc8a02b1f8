import { setMaxListeners } from 'node:events'
import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join, relative } from 'node:path'
import { type OpenRepository, openOnce } from '../../artifact/git/repository.js'
import type { Config } from '../../config/config.js'
import { completeConfig, loadConfig } from '../../config/load/load.js'
import { redactor } from '../../config/secrets/redact.js'
import { connectHosts } from '../../connection/connect.js'
import type { Connect, Connection } from '../../connection/connection.js'
import { connectLocal } from '../../connection/this-machine.js'
import type { EmbeddedFleet } from '../../embedded/hosts.js'
import { PreflightError, Refusal } from '../../errors.js'
import type { Emit } from '../../fleet/events.js'
import type { Host } from '../../inventory/host.js'
import { selectHosts } from '../../inventory/select.js'
import { hostsAmong } from '../../inventory/words.js'
import type { Broken } from '../../render/notices/notice.js'
import { systemClock } from '../../render/output.js'
import { createPaint, type Paint } from '../../render/paint.js'
import { refusalSentence } from '../../render/refusal.js'
import { createNotifier } from '../notify/notifier.js'
import { type OpenWebhook, openWebhooks, secretsOf } from '../notify/webhooks.js'
import type { CommonFlags } from './flags.js'
import { Interrupted, type Io, untilStopped } from './io.js'
import { keepEvents } from './logs/run-events.js'
import { openLog, type RunLog } from './logs/run-log.js'
import { openScreen, passphraseAsker, type Screen } from './screen.js'
import { type StageStore, stageStore } from './stage-store.js'

/** A command's ground: the configuration, the hosts it is about, the way to them, and who hears of it. */
export interface Context {
  readonly io: Io
  readonly config: Config
  readonly hosts: readonly Host[]
  readonly connect: Connect
  /** To this machine itself. */
  readonly connectHere: Connect
  readonly concurrency: number
  readonly emit: Emit
  readonly asking: Screen['asking']
  readonly streams: boolean
  readonly paint: Paint
  readonly log: RunLog
  /** Cache of builds, artifacts and manifests. */
  readonly cacheDir: string
  readonly openRepository: OpenRepository
  readonly store: StageStore
  readonly who: string
  readonly from: string
  /** Who is told of runs. */
  readonly webhooks: readonly OpenWebhook[]
  /** Hides secrets in everything that is told from now on. */
  readonly hide: (redact: (text: string) => string) => void
  /** Says that the command ends without an outcome. */
  readonly broke: Screen['broke']
  readonly close: () => Promise<void>
}

/** Opens the context of a command for as long as it acts. */
export async function inContext<R>(io: Io, flags: CommonFlags, act: (context: Context) => Promise<R>): Promise<R> {
  const context = await openContext(io, flags)
  try {
    return await act(context)
  } catch (error) {
    context.broke(brokenBy(error))
    throw error
  } finally {
    await context.close()
  }
}

function brokenBy(error: unknown): Broken {
  if (error instanceof Refusal) return { sentence: refusalSentence(error), exitCode: error.exitCode }
  return { sentence: error instanceof Error ? error.message : String(error), exitCode: 1 }
}

async function openContext(io: Io, flags: CommonFlags): Promise<Context> {
  const said: string[] = []
  const config = await configFor(io, flags, line => said.push(line))
  let embedded: EmbeddedFleet | null = null
  let hosts = chosen(config, flags)
  const home = recordsIn(config.root)
  const log = openLog(join(home, 'logs'), path => relative(io.cwd, path) || path)
  const who = person(io.env)
  const webhooks = openWebhooks(config.notify, io.env)
  const events = keepEvents(join(home, 'logs'), systemClock)
  const screen = await openScreen(io, flags, { log, events }, createNotifier(webhooks, who.who))
  if (webhooks.length > 0) screen.hide(redactor(secretsOf(webhooks)))
  for (const line of said) screen.emit({ type: 'output', host: null, step: 'hosts', stream: 'stderr', line })
  if (config.embedded > 0) {
    const { startEmbeddedHosts } = await import('../../embedded/hosts.js')
    const { embeddedHosts } = await import('../../embedded/hosts.js')
    embedded = await startEmbeddedHosts({ count: config.embedded, dir: join(home, 'fleet') })
    hosts = embeddedHosts(hosts, embedded)
  }
  const connections = startConnections(
    connectHosts(
      embedded === null ? config.ssh : { ...config.ssh, configFile: embedded.configFile },
      passphraseAsker(io, screen),
    ),
  )
  const here = startConnections(connectLocal)
  const store = stageStore(flags.store === false ? { ...config, store: null } : config, flags.trustGeneration ?? null)
  return {
    io,
    config,
    hosts,
    connect: connections.connect,
    connectHere: here.connect,
    concurrency: flags.concurrency ?? config.ssh.concurrency,
    emit: screen.emit,
    asking: screen.asking,
    streams: screen.streams,
    paint: await createPaint(io.output.terminal.stdout.level),
    log,
    cacheDir: join(home, 'cache'),
    openRepository: openOnce(config.root, join(home, 'cache')),
    store,
    ...who,
    webhooks,
    hide: screen.hide,
    broke: screen.broke,
    async close() {
      connections.close()
      here.close()
      await screen.end()
      log.close()
      await store.close()
      await embedded?.close()
    },
  }
}

/** The configuration that a command line is about. `say` is told what a command that lists the hosts says on stderr. */
export async function configFor(io: Io, flags: CommonFlags, say: (line: string) => void = () => {}): Promise<Config> {
  const options = {
    cwd: io.cwd,
    ...(flags.config === undefined ? {} : { file: flags.config }),
    ...(flags.stage === undefined ? {} : { stage: flags.stage }),
    ...(flags.words === undefined ? {} : { words: flags.words }),
    offline: flags.offline ?? false,
    signal: untilStopped(io),
    say,
  }
  const { given } = flags
  const config =
    given === undefined
      ? await loadConfig(options)
      : await completeConfig(given, { ...options, file: join(io.cwd, 'config') })
  const stopped = io.stop.reason()
  if (stopped !== null) throw new Interrupted(stopped)
  io.onStage(config.stage, flags.stage === undefined && (flags.words ?? []).includes(config.stage))
  return config
}

/** The hosts that stand after the command. */
export function namedHosts(
  { stage, words = [] }: CommonFlags,
  config: Pick<Config, 'stage'> | null,
): readonly string[] {
  return hostsAmong(words, stage === undefined && config !== null ? config.stage : null)
}

/** Offline, a stage has no hosts that a command would have to list. */
function chosen(config: Config, flags: CommonFlags): readonly Host[] {
  if (flags.offline && config.hostsCommand !== null) return []
  const named = flags.wholeFleet ? [] : namedHosts(flags, config)
  return selectHosts(config.hosts, {
    only: [...(flags.only ?? []), ...named],
    ...(flags.except === undefined ? {} : { except: flags.except }),
    ...(flags.role === undefined ? {} : { roles: flags.role }),
  })
}

/** Who runs this: the user, or in CI the one who caused it and the run's address. */
function person(env: Io['env']): { readonly who: string; readonly from: string } {
  if (env.GITHUB_ACTIONS === 'true') {
    return {
      who: env.GITHUB_ACTOR ?? 'github',
      from: `${env.GITHUB_SERVER_URL}/${env.GITHUB_REPOSITORY}/actions/runs/${env.GITHUB_RUN_ID}`,
    }
  }
  if (env.GITLAB_CI === 'true') return { who: env.GITLAB_USER_LOGIN ?? 'gitlab', from: env.CI_JOB_URL ?? 'gitlab' }
  return { who: env.USER ?? env.LOGNAME ?? loginName(), from: hostname() }
}

function loginName(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown'
  }
}

/** A way to hosts that can be closed as a whole. */
interface Connections {
  readonly connect: Connect
  readonly close: () => void
}

/** Closes at its end whatever was opened, and gives up what is being opened: anything left would keep the process alive. */
export function startConnections(connect: Connect): Connections {
  const opened: Connection[] = []
  const over = new AbortController()
  // Every host listens; Node would print a warning from the eleventh on.
  setMaxListeners(0, over.signal)
  return {
    async connect(host, options) {
      const connection = await connect(host, { ...options, signal: over.signal })
      opened.push(connection)
      if (over.signal.aborted) connection.close()
      return connection
    },
    close() {
      over.abort()
      for (const connection of opened) connection.close()
    },
  }
}

/** The folder of this project's logs and caches. Throws where a link in it leads elsewhere: we write and remove there. */
function recordsIn(root: string): string {
  const home = join(root, '.clonedeploy')
  refuseLinks(home, 2)
  mkdirSync(home, { recursive: true })
  const ignore = join(home, '.gitignore')
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n')
  return home
}

function refuseLinks(path: string, depth: number): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found?.isSymbolicLink())
    throw new PreflightError(`${path} is a symbolic link, and clonedeploy writes and removes files there`, {
      next: [`rm ${path}     it keeps nothing that cannot be made again`],
    })
  if (depth > 0 && found?.isDirectory()) for (const name of readdirSync(path)) refuseLinks(join(path, name), depth - 1)
}

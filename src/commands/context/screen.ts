import { appendFileSync } from 'node:fs'
import { type AskPassphrase, PASSPHRASE_TRIES } from '../../connection/ssh2/keys.js'
import type { Emit, Event } from '../../fleet/events.js'
import type { Broken } from '../../render/notices/notice.js'
import { systemClock } from '../../render/output.js'
import { createRenderer, rendererKind } from '../../render/progress/create-renderer.js'
import { jsonlRenderer } from '../../render/progress/jsonl.js'
import { logRenderer, teeRenderer } from '../../render/progress/log.js'
import type { Renderer } from '../../render/progress/renderer.js'
import { named } from '../../text/phrases.js'
import type { Propose } from '../../text/propose-command.js'
import { lastWords } from '../notify/last-words.js'
import type { Notifier } from '../notify/notifier.js'
import type { CommonFlags } from './flags.js'
import type { Io } from './io.js'
import type { RunEvents } from './logs/run-events.js'
import type { RunLog } from './logs/run-log.js'

export interface Screen {
  readonly emit: Emit
  /** Keeps the frame off the terminal while a question stands there. */
  readonly asking: <T>(question: () => Promise<T>) => Promise<T>
  readonly hide: (redact: (text: string) => string) => void
  /** What was begun ends without an outcome. */
  readonly broke: (broken: Broken) => void
  /** Waits for what webhooks are still told. */
  readonly end: () => Promise<void>
  /** Whether stdout is a line for each event, and nothing else. */
  readonly streams: boolean
}

/** What is kept of a run on this machine. */
interface Records {
  readonly log: RunLog
  readonly events: RunEvents
}

/** Everybody who hears of a run: the terminal, the files that are kept of it, CLONEDEPLOY_OUTPUT_FILE, and webhooks. */
export async function openScreen(
  io: Io,
  flags: CommonFlags,
  { log, events }: Records,
  notifier: Notifier,
): Promise<Screen> {
  const asked = flags.output ?? outputOf(io.env.CLONEDEPLOY_OUTPUT)
  const kind = rendererKind(asked, io.output.terminal.stderr, io.env)
  const verbosity = flags.quiet ? 'quiet' : flags.verbose ? 'verbose' : 'normal'
  const shown = () => createRenderer(kind, io.output, { verbosity, json: flags.json ?? false, env: io.env })
  const main = io.audience ?? (await shown())
  const file = io.env.CLONEDEPLOY_OUTPUT_FILE
  const records: Renderer[] = [logRenderer(log.write), events]
  if (file) records.push(jsonlRenderer(text => appendFileSync(file, text), systemClock))
  const onFailure = (error: unknown) => log.write(`a renderer failed: ${String(error)}\n`)
  const isRead = flags.json === true || kind === 'jsonl' || io.audience !== null
  const people = teeRenderer(isRead ? [] : [main], onFailure)
  const programs = teeRenderer(isRead ? [main, ...records] : records, onFailure)
  const words = lastWords({ people, programs }, notifier)
  let redact: ((text: string) => string) | null = null
  const hidden = <T>(value: T): T => (redact === null ? value : (redacted(value, redact) as T))
  io.onRun(end => events.refused(hidden(end)))
  return {
    emit: event => {
      const told = hidden(proposing(event, io.propose))
      if (told.type === 'note' && told.level === 'warning')
        io.onWarning(told.host === null ? told.text : named(told.host, told.text))
      notifier.hear(told)
      words.event(told)
    },
    broke: broken => notifier.broke(hidden(broken)),
    async asking(question) {
      main.pause?.(true)
      return question().finally(() => main.pause?.(false))
    },
    hide(next) {
      const before = redact
      redact = before === null ? next : text => next(before(text))
    },
    async end() {
      if (notifier.isSending()) io.onTelling(notifier.hurry)
      await words.end()
    },
    streams: kind === 'jsonl' && io.audience === null,
  }
}

function outputOf(value: string | undefined): 'auto' | 'tty' | 'plain' | 'jsonl' | 'github' {
  return value === 'tty' || value === 'plain' || value === 'jsonl' || value === 'github' ? value : 'auto'
}

/** What is said to its reader, with complete commands; what others said stays as it is. */
function proposing(event: Event, propose: Propose): Event {
  if (event.type === 'note') return { ...event, text: propose(event.text) }
  if (event.type !== 'run.end') return event
  const { outcome } = event
  const hosts = outcome.hosts.map(host => {
    const hint = host.error?.hint ?? null
    return host.error === null || hint === null ? host : { ...host, error: { ...host.error, hint: propose(hint) } }
  })
  const { next, warnings } = outcome
  return { ...event, outcome: { ...outcome, hosts, next: next.map(propose), warnings: warnings.map(propose) } }
}

/** A copy with every text in it redacted. */
function redacted(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value)
  if (Array.isArray(value)) return value.map(one => redacted(one, redact))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, redacted(one, redact)]))
}

/** Asks for the passphrase of a key file, unseen; null where nobody can be asked. */
export function passphraseAsker(io: Io, screen: Pick<Screen, 'asking'>): AskPassphrase | null {
  if (!io.canAsk) return null
  return (path, tries) =>
    screen.asking(async () => {
      const { password } = await import('@clack/prompts')
      const again = tries === 0 ? '' : `That was not it (${tries} of ${PASSPHRASE_TRIES}). `
      const answer = await password({ message: `${again}Passphrase of ${path}`, output: process.stderr })
      return typeof answer === 'string' ? answer : null
    })
}

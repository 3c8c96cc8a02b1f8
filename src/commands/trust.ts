import type { Config } from '../config/config.js'
import { NoConfigError } from '../config/find.js'
import { loadConfig } from '../config/load.js'
import { spelledKey } from '../connection/host-key.js'
import { compare, hostKeyError, offered, pinLine, place, short } from '../connection/host-key-errors.js'
import { fingerprint, typeOf } from '../connection/known-hosts.js'
import type { Offer } from '../connection/meet.js'
import { meetSsh } from '../connection/ssh.js'
import type { Wanted } from '../connection/target.js'
import { type ExitCode, PreflightError, UsageError } from '../errors.js'
import { unlessStopped } from '../fleet/stop.js'
import { parseHost } from '../inventory/parse.js'
import { escapeLine } from '../text/escape.js'
import { passphraseAsker, saysYes } from './ask.js'
import type { CommonFlags } from './flags.js'
import { Interrupted } from './interrupted.js'
import type { Io } from './io.js'
import { remember } from './remember.js'

export interface TrustFlags extends CommonFlags {
  readonly fingerprint?: string
}

/**
 * `clonedeploy trust HOST`: shows a host's key and adds it to known_hosts when a person says that it is right, or when
 * it has the fingerprint that was given. `--yes` alone decides nothing.
 */
export async function trust(io: Io, flags: TrustFlags, word: string): Promise<ExitCode> {
  const wished = fingerprintOf(flags.fingerprint)
  const config = await configOf(io, flags)
  const wanted = hostOf(word, config)
  const ssh = config?.ssh ?? { configFile: null, connectTimeout: 10_000, concurrency: 1, transport: 'auto' as const }
  const meet = meetSsh(ssh, passphraseAsker(io, { asking: question => question() }))
  io.contacted()
  const over = new AbortController()
  io.stop.asked.then(() => over.abort())
  const offer = await unlessStopped(
    io.stop,
    meet(wanted, { timeout: ssh.connectTimeout, fingerprint: wished, signal: over.signal }),
  )
  if ('stopped' in offer) throw new Interrupted(offer.stopped)
  const refused =
    offer.verdict.kind === 'unknown' ? null : hostKeyError(offer.target, offer.key, offer.known, offer.verdict)
  if (refused) throw refused
  if (wished !== null && fingerprint(offer.key) !== wished) throw anotherKey(offer, wished)
  if (offer.verdict.kind === 'trusted') {
    tell(io, flags, offer, 'known', reasonToTrust(offer))
    return 0
  }
  if (wished === null) await decide(io, offer)
  tell(io, flags, offer, 'added', place(await remember(offer)))
  return 0
}

/** Not every host that is to be trusted is in an inventory yet. */
async function configOf(io: Io, flags: CommonFlags): Promise<Config | null> {
  try {
    return await loadConfig({
      cwd: io.cwd,
      ...(flags.config === undefined ? {} : { file: flags.config }),
      ...(flags.stage === undefined ? {} : { stage: flags.stage }),
    })
  } catch (error) {
    if (error instanceof NoConfigError) return null
    throw error
  }
}

function hostOf(word: string, config: Config | null): Wanted {
  const known = config?.hosts.find(({ name }) => name === word) ?? config?.hosts.find(({ host }) => host === word)
  if (known && config?.embedded) throw new UsageError(`${word} is inside this process: it needs no trust.`)
  if (known) return known
  const parsed = parseHost(word)
  if ('problem' in parsed) throw new UsageError(`HOST ${parsed.problem}.`)
  return { name: word, ...parsed.parts }
}

function fingerprintOf(text: string | undefined): string | null {
  if (text === undefined) return null
  const plain = text.trim().replace(/=+$/, '')
  if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(plain)) return plain
  throw new UsageError(`--fingerprint should be SHA256: and 43 characters, as ssh-keygen -l prints it.`)
}

function anotherKey({ target, key }: Offer, wished: string): PreflightError {
  return new PreflightError(`${target.name} has no host key of that fingerprint. Nothing was added.`, {
    details: [offered(target, key), `wanted   ${wished}`],
    next: ['This may be an attack, or a slip. Ask the administrator.', compare(key)],
  })
}

async function decide(io: Io, { target, key }: Offer): Promise<void> {
  const evidence = [escapeLine(offered(target, key)), '', compare(key)]
  const to = target.newKnownHost === null ? '' : ` and add it to ${short(target.newKnownHost.file)}`
  if (!io.canAsk) {
    throw new UsageError(`${target.name} is not trusted, and nobody can be asked. Nothing was added.`, {
      details: evidence.slice(0, 1),
      next: [
        compare(key),
        `in CI:          ${pinLine(target, key)}`,
        `or:             clonedeploy trust ${target.name} --fingerprint SHA256:…     (the one that the server printed)`,
      ],
    })
  }
  io.output.stderr(`\n${evidence.map(line => (line === '' ? '' : `  ${line}`)).join('\n')}\n\n`)
  if (!(await saysYes(`Is this the key of ${target.name}?  Trust it${to}`))) throw new Interrupted('you said no')
}

function reasonToTrust({ target, known, key }: Offer): string {
  const entry = known.trusted.find(one => one.key.equals(key))
  return target.pin === null && entry !== undefined ? place(entry) : 'hostKey in the configuration'
}

function tell(io: Io, flags: CommonFlags, offer: Offer, result: 'known' | 'added', where: string): void {
  const { target, key } = offer
  if (flags.json) {
    const hostKey = { type: typeOf(key), fingerprint: fingerprint(key) }
    const { hostname, port } = target
    io.output.stdout(
      `${JSON.stringify({ v: 1, command: 'trust', exitCode: 0, result, host: target.name, address: hostname, port, hostKey, where })}\n`,
    )
    return
  }
  const what = result === 'known' ? 'is trusted already' : 'is trusted now'
  io.output.stdout(`✔ ${target.name} ${what}: ${spelledKey(key)}   ${where}\n`)
}

import type { Config } from '../config/config.js'
import { NoConfigError } from '../config/load/find.js'
import { compare, hostKeyError, offered, pinLine, place, short } from '../connection/host-keys/host-key-errors.js'
import { spelledKey } from '../connection/host-keys/judge-host-key.js'
import { fingerprint, typeOf } from '../connection/host-keys/known-hosts.js'
import type { Wanted } from '../connection/login-target.js'
import type { Offer } from '../connection/route/offered-key.js'
import { greetSsh } from '../connection/ssh2/ssh2.js'
import { PreflightError, UsageError } from '../errors.js'
import type { ExitCode } from '../exit-code.js'
import { onEach } from '../fleet/each-host.js'
import { unlessStopped } from '../fleet/stop.js'
import { parseHost } from '../inventory/parse.js'
import { hostsAmong } from '../inventory/words.js'
import { jsonReport } from '../render/reports/report-json.js'
import { escapeLine } from '../text/escape.js'
import { remember } from './context/add-host-key.js'
import { saysYes } from './context/ask.js'
import { configFor, namedHosts } from './context/context.js'
import type { CommonFlags } from './context/flags.js'
import { Interrupted, type Io } from './context/io.js'
import { passphraseAsker } from './context/screen.js'

interface TrustFlags extends CommonFlags {
  readonly fingerprint?: string
}

/**
 * `clonedeploy trust HOST…`: shows the keys of hosts and adds them to known_hosts when a person says that they are right, or
 * the one that has the fingerprint that was given. `--yes` alone decides nothing, and nothing is added before all is decided.
 */
export async function trust(io: Io, flags: TrustFlags): Promise<ExitCode> {
  const wished = fingerprintOf(flags.fingerprint)
  const { words = [] } = flags
  // A word that stands alone is a host, also where a stage has the same name.
  const lone = words.length === 1
  const config = await configOf(io, lone ? { ...flags, words: [] } : flags)
  const named = lone ? hostsAmong(words, null) : namedHosts(flags, config)
  const wanted = named.map(word => hostOf(word, config))
  if (wished !== null && wanted.length > 1) throw new UsageError('--fingerprint is of one host: name that one alone.')
  const offers = await met(io, config, wanted, wished)
  for (const offer of offers) demandRight(offer, wished)
  const unknown = offers.filter(({ verdict }) => verdict.kind !== 'trusted')
  if (wished === null) await decide(io, unknown, flags, config)
  const said: Said[] = []
  for (const offer of offers) {
    const known = !unknown.includes(offer)
    said.push({
      offer,
      result: known ? 'known' : 'added',
      where: known ? reasonToTrust(offer) : place(await remember(offer)),
    })
  }
  tell(io, flags, said, config?.stage ?? null)
  return 0
}

/** What was found of a host, or done about it, and in which file. */
interface Said {
  readonly offer: Offer
  readonly result: 'known' | 'added'
  readonly where: string
}

async function met(io: Io, config: Config | null, wanted: readonly Wanted[], fingerprint: string | null) {
  const ssh = config?.ssh ?? { configFile: null, connectTimeout: 10_000, concurrency: 32, transport: 'auto' as const }
  const greet = greetSsh(ssh, passphraseAsker(io, { asking: question => question() }))
  io.contacted()
  const over = new AbortController()
  io.stop.asked.then(() => over.abort())
  const options = { timeout: ssh.connectTimeout, fingerprint, signal: over.signal }
  const offers = await unlessStopped(
    io.stop,
    onEach(wanted, ssh.concurrency, host => greet(host, options)),
  )
  if ('stopped' in offers) throw new Interrupted(offers.stopped)
  return offers
}

/** Throws where a person would have to decide against what is known. */
function demandRight({ target, key, known, verdict }: Offer, wished: string | null): void {
  const refused = verdict.kind === 'unknown' ? null : hostKeyError(target, key, known, verdict)
  if (refused) throw refused
  if (wished !== null && fingerprint(key) !== wished) throw anotherKey({ target, key }, wished)
}

/** Not every host that is to be trusted is in an inventory yet. */
async function configOf(io: Io, flags: CommonFlags): Promise<Config | null> {
  try {
    return await configFor(io, flags)
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

function anotherKey({ target, key }: Pick<Offer, 'target' | 'key'>, wished: string): PreflightError {
  return new PreflightError(`${target.name} has no host key of that fingerprint. Nothing was added.`, {
    details: [offered(target, key), `wanted   ${wished}`],
    next: ['This may be an attack, or a slip. Ask the administrator.', compare(key)],
  })
}

/** A person says of each key that it is right; nobody there: how to go on without one. */
async function decide(io: Io, offers: readonly Offer[], flags: TrustFlags, config: Config | null): Promise<void> {
  if (offers.length > 0 && !io.canAsk) throw nobodyToAsk(offers, flags, config)
  for (const { target, key } of offers) {
    const evidence = `\n  ${escapeLine(offered(target, key))}\n\n  ${compare(key)}\n\n`
    const to = target.newKnownHost === null ? '' : ` and add it to ${short(target.newKnownHost.file)}`
    io.output.stderr(evidence)
    if (!(await saysYes(`Is this the key of ${target.name}?  Trust it${to}`))) throw new Interrupted('you said no')
  }
}

function nobodyToAsk(offers: readonly Offer[], flags: TrustFlags, config: Config | null): UsageError {
  const names = offers.map(({ target }) => target.name)
  const are = names.length === 1 ? 'is' : 'are'
  const asked = flags.yes ? '--yes does not say which key is right' : 'nobody can be asked'
  const pinned = offers.filter(({ target }) => !isBalancerOnly(target.name, config))
  return new UsageError(`${names.join(', ')} ${are} not trusted, and ${asked}. Nothing was added.`, {
    details: offers.map(({ target, key }) => escapeLine(offered(target, key))),
    next: [
      ...new Set(offers.map(({ key }) => compare(key))),
      ...(pinned.length === 0 ? [] : [`in CI:          ${pinLine(pinned)}`]),
      ...names.map(
        name =>
          `or:             clonedeploy trust ${name} --fingerprint SHA256:…     (the one that the server printed)`,
      ),
    ],
  })
}

/** A balancer's machine that stands in `hosts` would be deployed to. */
function isBalancerOnly(name: string, config: Config | null): boolean {
  if (config === null || config.balancer === null || config.balancer.kind === 'command') return false
  const isNamed = (host: Pick<Wanted, 'name'>) => host.name === name
  return config.balancer.hosts.some(isNamed) && !config.hosts.some(isNamed)
}

function reasonToTrust({ target, known, key }: Offer): string {
  const entry = known.trusted.find(one => one.key.equals(key))
  return target.pin === null && entry !== undefined ? place(entry) : 'hostKey in the configuration'
}

function tell(io: Io, flags: CommonFlags, said: readonly Said[], stage: string | null): void {
  const result = said.some(one => one.result === 'added') ? 'added' : 'known'
  const ended = { command: 'trust', result, exitCode: 0, stage }
  io.output.stdout(flags.json ? jsonReport(ended, jsonOf(said)) : said.map(lineOf).join(''))
}

function lineOf({ offer: { target, key }, result, where }: Said): string {
  const what = result === 'known' ? 'is trusted already' : 'is trusted now'
  return `✔ ${target.name} ${what}: ${spelledKey(key)}   ${where}\n`
}

/** One host stands in the object itself. */
function jsonOf(said: readonly Said[]): object {
  const hosts = said.map(({ offer: { target, key }, result, where }) => ({
    ...{ result, host: target.name, address: target.hostname, port: target.port },
    hostKey: { type: typeOf(key), fingerprint: fingerprint(key) },
    where,
  }))
  return hosts.length === 1 ? (hosts[0] as object) : { hosts }
}

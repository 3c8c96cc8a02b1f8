import type { Bake as BakeConfig, Config, Hook } from '../config/config.js'
import type { Host } from '../inventory/host.js'
import { seqAfterAll } from '../release/id.js'
import { inWords } from '../release/paths.js'
import { portsOn, servingPort } from '../release/ports.js'
import { unconfirmed } from '../release/retention.js'
import { serviceText } from '../scripts/service/restart-command.js'
import type { Claim } from '../scripts/shell/fence.js'
import { afterwards, command, type HookRun, hook, type Variables } from '../scripts/shell/hook.js'
import type { Script } from '../scripts/shell/shell.js'
import { discard, finish } from '../scripts/transaction/end-transaction.js'
import { layLinks } from '../scripts/transaction/links.js'
import { endLock, type LockOptions, lock, renew } from '../scripts/transaction/lock.js'
import { abandon, blame } from '../scripts/transaction/mark-bad.js'
import { prune } from '../scripts/transaction/prune.js'
import { arm, confirm, look, restore, serve } from '../scripts/transaction/swap.js'
import { mostHosts } from '../state/evidence/unlisted.js'
import type { Excluded, FleetRecord, HostState, ProcessMark } from '../state/host-state.js'
import { overOf } from '../state/lock-state.js'
import type { Times } from '../state/protocol-times.js'
import { commitIn, currentEntry, currentRelease, mostCommon } from '../state/releases.js'
import { addressVariables, healthStep } from './app/health.js'
import { flipOf, leftOnPort, portSteps, portText } from './app/ports.js'
import { logStep, processStep } from './app/processes.js'
import { type ReleaseRun, type RunOn, runOn, runRecord } from './app/release-run.js'
import { type AskedAt, requestFor } from './app/requests.js'
import { hookVariables, onHost, runVariables, type Served, withPort } from './app/variables.js'
import { backSteps, leftWarm, notWarm, type Place, type WarmSteps, warmSteps } from './app/warm.js'
import { planBake } from './bake.js'
import { allAtOnce, type Rollout } from './batches.js'
import { bootObstacle, planBoot } from './boot.js'
import { swapPhases } from './phase-order.js'
import {
  type Flip,
  type HealthStep,
  type HookStep,
  type HostPlan,
  isNew,
  type Plan,
  type Rest,
  type SameQuestion,
  type ScriptStep,
  type Step,
  type Stored,
  type StoredPayload,
} from './plan.js'

/** What every planner knows: who asks for what, on which hosts, in which state. */
export interface Intent {
  readonly config: Config
  readonly hosts: readonly { readonly host: Host; readonly state: HostState }[]
  readonly command: Plan['command']
  readonly tx: string
  /** Who deploys, from where, and when (ISO 8601, the controller's clock: for people, never compared). */
  readonly who: string
  readonly from: string
  readonly process: ProcessMark | null
  readonly at: string
  readonly reason: string
  readonly secrets: Variables
  readonly release: string
  readonly digest: string | null
  readonly revision: string | null
  /** How the release was deployed, for hosts that have no record of it; absent: as it is configured today. */
  readonly run?: ReleaseRun | null
  readonly unresolved: 'refuse' | 'keep'
  readonly times: Times
  /** What the fleet was to serve so far; absent: nobody's word of it counts. */
  readonly record?: FleetRecord | null
  /** Hosts that this run leaves out on purpose. */
  readonly excluded?: readonly Excluded[]
  /** The name of the store that is told of the run; null, or absent: none is. */
  readonly store?: string | null
  /** Absent: all hosts at once. */
  readonly rollout?: Rollout
  /** Absent: hosts are not compared. Only what brings new code is. */
  readonly same?: Config['same']
  /** Absent: it is confirmed at once. A way back must be quick, so only what brings new code bakes. */
  readonly bake?: BakeConfig | null
}

const short = 20_000
const long = 600_000

/** The steps that are the same for every planner; `prepare` is theirs, `pruned` the releases that may go afterwards. */
export function planTransaction(
  intent: Intent,
  prepare: (host: Host, state: HostState, claim: Claim) => readonly Step[],
  pruned: (state: HostState) => readonly string[],
): Plan {
  const { config } = intent
  const record = fleetRecord(intent)
  const hosts = intent.hosts.map(({ host, state }) => planHost(intent, host, state, record, prepare, pruned))
  const rollout = intent.rollout ?? allAtOnce(hosts.map(({ host }) => host.name))
  const stored = storedOf(intent)
  const bakeOn = (names: readonly string[]) => planBake(intent.bake ?? null, config.root, variablesHere(intent, names))
  const bake = bakeOn(intent.hosts.map(({ host }) => host.name))
  const same = sameQuestions(intent, hosts)
  return {
    command: intent.command,
    app: config.app,
    stage: config.stage,
    tx: intent.tx,
    release: intent.release,
    digest: intent.digest,
    record,
    excluded: excludedIn(intent).map(({ host }) => host),
    target: intent.record?.release ?? null,
    previous: mostCommon(intent.hosts.map(({ state }) => currentRelease(state))),
    hosts,
    phases: swapPhases({ hosts, rollout, bake, same, stored }),
    rollout,
    canaryCheck: canaryCheckHere(intent),
    bake,
    bakeOn,
    same,
    identical: config.identical,
    stored,
    relay: config.relay,
    warnings: oddRuns(intent),
    without: gone => withoutHosts(intent, gone, prepare, pruned),
    ...intent.times,
  }
}

/** Their record goes before the one that a host which is left out may have got from this run. */
function withoutHosts(
  intent: Intent,
  gone: readonly Excluded[],
  prepare: (host: Host, state: HostState, claim: Claim) => readonly Step[],
  pruned: (state: HostState) => readonly string[],
): Rest {
  const names = gone.map(({ host }) => host)
  const config = { ...intent.config, hosts: intent.config.hosts.filter(({ name }) => !names.includes(name)) }
  const all = { ...intent, config, excluded: [...(intent.excluded ?? []), ...gone] }
  const record = fleetRecord(all)
  const rest = { ...all, hosts: intent.hosts.filter(({ host }) => !names.includes(host.name)) }
  const hosts = rest.hosts.map(({ host, state }) => planHost(rest, host, state, record, prepare, pruned))
  return {
    record,
    excluded: excludedIn(all).map(({ host }) => host),
    hosts,
    canaryCheck: canaryCheckHere(rest),
  }
}

/** What those hosts are asked for that health asks by HTTP, or all hosts where it asks none; one host is compared with no other. */
function sameQuestions({ same = [], config }: Intent, hosts: readonly HostPlan[]): readonly SameQuestion[] {
  const asking = hosts.filter(({ health }) => health.some(({ check }) => check.kind === 'http'))
  const asked = asking.length > 0 ? asking : hosts
  if (asked.length < 2) return []
  return same.map(one => ({
    text: `GET ${one.url}`,
    ignored: one.ignore,
    requests: Object.fromEntries(
      asked.map(host => [host.host.name, requestFor(one, askedAt(config.env, host.host, host.health))]),
    ),
  }))
}

/** Where a host is asked, by the steps of its health. */
export function askedAt(env: Variables, host: Host, health: readonly HealthStep[]): AskedAt {
  const step = health.find(({ check }) => check.kind === 'http')
  const base = step !== undefined && 'url' in step.target ? step.target.url : null
  return { base, variables: { ...env, ...host.env, CLONEDEPLOY_HOST: host.name } }
}

/** A repair ends what others have begun, and a restart brings nothing new: neither is told. */
function storedOf(intent: Intent): Stored | null {
  return intent.command === 'repair' || intent.command === 'restart' ? null : storedAs(intent)
}

/** What a store is told that the fleet is to serve; null: there is no store. */
export function storedAs(intent: Intent): Stored | null {
  const { store = null, release, digest, revision, who, from, at, process } = intent
  const [first] = intent.hosts
  if (store === null || first === undefined) return null
  const { config } = runNext(intent, first.host, first.state)
  const run: unknown = JSON.parse(runRecord(config, { env: {} }))
  const deployTo = mostCommon(intent.hosts.map(({ host }) => host.deployTo))
  const tree = agreedTree(intent)
  const target = { release, digest, ...(tree && { tree }), revision: commitIn(revision), clone: { deployTo, run } }
  const canBoot = digest !== null && bootObstacle(config) === null
  const boot = canBoot
    ? (payload: StoredPayload) => planBoot({ config, release, digest, revision, times: intent.times }, payload)
    : null
  return { store, by: `${who}@${from}`, at, process, target, boot }
}

/** What hooks have made of a release on all hosts that hold it; null where that differs, or is not known. */
function agreedTree({ hosts, release }: Intent): string | null {
  const trees = hosts.flatMap(({ state }) => state.releases.filter(({ id }) => id === release).map(({ tree }) => tree))
  return new Set(trees).size === 1 ? (trees[0] ?? null) : null
}

/** Hosts whose record of how they run what they serve does not count: why, a line each. */
export function oddRunsOf({ config, secrets, hosts }: Pick<Intent, 'config' | 'secrets' | 'hosts'>): readonly string[] {
  return hosts.flatMap(({ host, state }) => runOn(config, host, state, currentRelease(state), secrets).odd ?? [])
}

export function scriptStep(script: Script, text: string, timeout = short): ScriptStep {
  return { kind: 'script', name: script.name, text, script, timeout }
}

/** The questions whether a host serves what it holds now; an address with a secret in it can be asked only by whoever knows that. */
export function healthSteps(today: Config, secrets: Variables, named: Host, state: HostState): readonly HealthStep[] {
  const served = servedBefore(state)
  if (served === null) return []
  const { config, host } = runServed(today, named, state, secrets)
  const port = portServed(today, named, state)
  const variables = hookVariables(config, secrets, withPort(host, port), state.root, served)
  const hidden = Object.keys(config.secrets).filter(name => !(name in variables))
  return onHost(config.health, host)
    .filter(check => !addressVariables(check).some(name => hidden.includes(name)))
    .map(check => healthStep(check, state, variables, served))
}

/** The steps of hooks that belong on a host, run in `folder`. */
export function hookSteps(
  claim: Claim,
  host: Host,
  hooks: readonly Hook[],
  name: string,
  folder: string,
  variables: Variables,
): readonly HookStep[] {
  return onHost(hooks, host).map(one => ({
    kind: 'hook',
    name,
    text: one.ports === undefined ? textOf(one) : portText(one, 'start', Number(variables.CLONEDEPLOY_PORT)),
    script: hook(claim, hookRun(one, folder), variables),
    timeout: one.timeout + 15_000,
  }))
}

/** How what `current` names is run: as it was deployed; on a host that was moved off its ports by hand, as it is configured today. */
function runServed(today: Config, host: Host, state: HostState, secrets: Variables): RunOn {
  const then = runOn(today, host, state, currentRelease(state), secrets)
  const { restart, health } = today
  const hadPorts = portsOn(then.config.restart, then.host) !== null
  if (!hadPorts || portsOn(restart, host) !== null || portServed(today, host, state) !== undefined) return then
  return { ...then, config: { ...then.config, restart, health } }
}

function portServed({ restart }: Config, host: Host, state: HostState, ready: readonly number[] = []) {
  return servingPort(portsOn(restart, host), { release: currentRelease(state), links: state.ports }, ready) ?? undefined
}

/** Ports are as they are today: the balancer has no others. */
function runNext({ config, release, secrets, run }: Intent, host: Host, state: HostState): RunOn {
  const next = runOn(config, host, state, release, secrets, run)
  const { restart, health } = config
  if (String(portsOn(next.config.restart, next.host)) === String(portsOn(restart, host))) return next
  return { ...next, config: { ...next.config, restart, health } }
}

function oddRuns(intent: Intent): readonly string[] {
  const next = intent.hosts.flatMap(({ host, state }) => runNext(intent, host, state).odd ?? [])
  return [...new Set([...next, ...oddRunsOf(intent)])]
}

function planHost(
  intent: Intent,
  host: Host,
  state: HostState,
  record: string,
  prepare: (host: Host, state: HostState, claim: Claim) => readonly Step[],
  pruned: (state: HostState) => readonly string[],
): HostPlan {
  const { release } = intent
  const { config, host: deployed } = runNext(intent, host, state)
  const then = runServed(intent.config, host, state, intent.secrets)
  const ready = intent.rollout?.traffic?.[host.name] ?? []
  const flip = flipOf(intent.config, host, state, { release, ready })
  const claim = { root: state.root, tx: intent.tx }
  const old = state.current.kind === 'link' ? state.current.target : null
  const now: Served = { release, revision: intent.revision, previous: currentRelease(state) }
  const before = servedBefore(state)
  const variables = hookVariables(config, intent.secrets, withPort(deployed, flip?.to), state.root, now)
  const oldVariables =
    before &&
    hookVariables(
      then.config,
      intent.secrets,
      withPort(then.host, portServed(intent.config, host, state, ready)),
      state.root,
      before,
    )
  const restarts = onHost(then.config.restart, host).map(one => hookRun(one, 'current'))
  const goBack = oldVariables === null ? Buffer.alloc(0) : afterwards(state.root, restarts, oldVariables)
  const drop = pruned(state)
  const place = { claim, host, on: { config, host: deployed }, state, secrets: intent.secrets }
  const warm = warmOn(intent, place, then, now, flip)
  const restartHooks = config.restart.filter(
    one => one.ports === undefined && (warm.switch === null || one.warm === undefined),
  )
  const left = leftOn(intent, place, flip)
  return {
    host,
    root: state.root,
    old,
    oldRelease: currentRelease(state),
    oldDigest: currentEntry(state)?.digest ?? null,
    lock: scriptStep(lock(claim, holderRecord(intent, host), lockOptions(intent, state, old)), 'take the lock'),
    renew: scriptStep(renew(claim), 'renew the lease'),
    prepare: [...(flip === null ? left : []), ...prepare(host, state, claim)],
    links: scriptStep(
      layLinks(claim, release, old, goBack, isNew(intent) ? unconfirmed : null),
      `make both links: go → releases/${release}, back → ${inWords(old)}`,
      60_000,
    ),
    once: onceHooks(intent, host, state),
    arm: scriptStep(arm(claim, { release, old, ...intent.times }), `rename current → releases/${release}`),
    look: scriptStep(look(state.root, intent.tx), 'read current'),
    ...warm,
    leftWarm: left,
    restart: hookSteps(claim, host, restartHooks, 'restart', 'current', restartVariables(intent, variables)),
    health: onHost(config.health, host).map(check => healthStep(check, state, variables, marked(intent, now), claim)),
    processes: processStep(config, host, state, release, warm.warm.length > 0),
    log: logStep(config, host, state, now),
    canaryCheck: canaryCheck(intent, 'hosts', run => hook(claim, { ...run, folder: 'current' }, variables)),
    confirm: scriptStep(confirm(claim, release, record), 'confirm'),
    prune:
      drop.length === 0 ? null : scriptStep(prune(claim, drop), `remove ${drop.length} old: ${drop.join(' ')}`, long),
    record: null,
    finish: scriptStep(
      finish(claim, { fleet: record, history: historyRecord(intent, now.previous) }),
      'record the release, unlock',
      60_000,
    ),
    restore: scriptStep(restore(claim, release), `rename current back → ${inWords(old)}`),
    restartOld: restartsOld(claim, host, then, oldVariables),
    back: switchBackOf(intent, host, state, claim),
    healthOld:
      oldVariables === null || before === null
        ? []
        : onHost(then.config.health, host).map(check => healthStep(check, state, oldVariables, before, claim)),
    serve: scriptStep(serve(claim), 'record that the old release is served'),
    blame: reason => (isNew(intent) ? scriptStep(blame(claim, release, oneLine(reason)), 'mark bad') : null),
    abandon: reason =>
      scriptStep(
        abandon(claim, {
          release,
          bad: isNew(intent) ? oneLine(reason) : null,
          history: historyRecord(intent, now.previous, reason),
        }),
        'mark bad, unlock',
      ),
    endLock: why => scriptStep(endLock(claim, oneLine(why)), 'say in the lock that the run is over', 5000),
    discard: scriptStep(discard(claim), 'remove what was prepared, unlock', 120_000),
  }
}

function warmOn(intent: Intent, place: Place, then: RunOn, now: Served, flip: Flip | null): WarmSteps {
  if (flip !== null) return portSteps(place, then, now, marked(intent, now), flip)
  return intent.command === 'restart' ? notWarm : warmSteps(place, now, intent.times.deadline)
}

/** How the release before is served again, once `current` is its link again. */
function restartsOld(claim: Claim, host: Host, { config }: RunOn, variables: Variables | null): readonly HookStep[] {
  return variables === null ? [] : hookSteps(claim, host, config.restart, 'restart', 'current', variables)
}

/** The same at a word, for a release that may run beside the other. `claim`: the transaction that is put back. */
export function switchBackOf(intent: Intent, host: Host, state: HostState, claim: Claim): HostPlan['back'] {
  const { config: today, secrets, times, tx } = intent
  const before = servedBefore(state)
  if (before === null || state.current.kind !== 'link') return null
  const on = runServed(today, host, state, secrets)
  const back = backSteps({ claim, host, on, state, secrets }, before, state.current.target, times.deadline)
  if (back === null) return null
  const others = on.config.restart.filter(({ warm }) => warm === undefined)
  const variables = hookVariables(on.config, secrets, on.host, state.root, before)
  return { ...back, rest: hookSteps({ root: state.root, tx }, host, others, 'restart', 'current', variables) }
}

/** What a dead run left beside what is served. */
function leftOn({ config, secrets }: Intent, place: Place, flip: Flip | null): HostPlan['leftWarm'] {
  const { host, state } = place
  const on = (release: string) => ({ ...place, on: runOn(config, host, state, release, secrets) })
  if (flip !== null) {
    const release = state.ports[flip.to] ?? state.warm
    return flip.keeps || release === null ? [] : leftOnPort(on(release), flip.to, { config, host })
  }
  return state.warm === null ? [] : leftWarm(on(state.warm), state.warm)
}

/** A warm release that has the traffic is to get fresh processes by its switch. */
function restartVariables({ command }: Intent, variables: Variables): Variables {
  return command === 'restart' ? { ...variables, CLONEDEPLOY_RESTART: '1' } : variables
}

function canaryCheckHere(intent: Intent): ScriptStep | null {
  const { config, rollout } = intent
  const names = rollout?.batches.slice(0, rollout.canary?.batches).flat() ?? []
  const variables = variablesHere(intent, names)
  return canaryCheck(intent, 'here', run => command(config.root, { ...run, folder: '.' }, variables))
}

/** What a check on this machine sees of a run, and of the hosts that it is about. */
function variablesHere({ config, release, revision, hosts }: Intent, names: readonly string[]): Variables {
  const previous = hosts[0] === undefined ? null : currentRelease(hosts[0].state)
  const run = runVariables(config, { release, revision, previous })
  return { ...config.env, ...run, CLONEDEPLOY_HOSTS: names.join(' ') }
}

function canaryCheck(
  { rollout }: Intent,
  on: 'here' | 'hosts',
  scriptOf: (run: Pick<HookRun, 'run' | 'timeout'>) => Script,
): ScriptStep | null {
  const check = rollout?.canary?.check
  if (check?.on !== on) return null
  return scriptStep(scriptOf({ run: check.run, timeout: check.timeout / 1000 }), check.run, check.timeout + 15_000)
}

/** What REVISION says: of a release without a commit, its digest. */
function marked({ digest }: Intent, served: Served): Served {
  return { ...served, revision: served.revision ?? digest }
}

function servedBefore(state: HostState): Served | null {
  const id = currentRelease(state)
  if (id === null) return null
  return { release: id, revision: currentEntry(state)?.revision ?? null, previous: null }
}

/** The first host runs them for all. */
function onceHooks(intent: Intent, host: Host, state: HostState): readonly HookStep[] {
  if (!isNew(intent) || state !== intent.hosts[0]?.state) return []
  const claim = { root: state.root, tx: intent.tx }
  const served = { release: intent.release, revision: intent.revision, previous: currentRelease(state) }
  const variables = hookVariables(intent.config, intent.secrets, host, state.root, served)
  const hooks = intent.config.prepare.filter(one => one.once)
  return hookSteps(claim, host, hooks, 'once', `releases/${intent.release}`, variables)
}

function hookRun(one: Hook, folder: string): HookRun {
  return { folder: one.service === undefined ? folder : '.', run: one.run, timeout: one.timeout / 1000 }
}

function textOf({ run, service }: Hook): string {
  return service === undefined ? run : serviceText(service)
}

/** A repair of a dead run's swap plans from what `current` shall be again, not from what it is. */
function lockOptions({ unresolved }: Intent, state: HostState, old: string | null): LockOptions {
  const over = overOf(state.lock)
  return unresolved === 'keep' ? { unresolved, over } : { unresolved, over, old }
}

function holderRecord(intent: Intent, host: Host): string {
  return JSON.stringify({
    tx: intent.tx,
    who: intent.who,
    from: intent.from,
    command: `${intent.command} ${intent.release}`,
    reason: oneLine(intent.reason),
    since: intent.at,
    app: intent.config.app,
    stage: intent.config.stage,
    host: host.name,
    process: intent.process,
  })
}

function fleetRecord(intent: Intent): string {
  const { record = null } = intent
  const again = record?.release === intent.release
  return JSON.stringify({
    seq: nextSeq(intent),
    app: intent.config.app,
    stage: intent.config.stage,
    release: intent.release,
    digest: intent.digest,
    previous: again ? record.previous : mostCommon(intent.hosts.map(({ state }) => currentRelease(state))),
    tx: intent.tx,
    by: intent.who,
    at: intent.at,
    excluded: excludedIn(intent),
    ...inventoryOf(intent),
  })
}

/** The record as it is, as ours and with the hosts that this run leaves out. */
export function sameRecord(intent: Intent): string {
  const { release, digest, who: by, at, record = null } = intent
  const base = record ?? { release, digest, previous: null, by, at }
  return JSON.stringify({
    ...base,
    app: intent.config.app,
    stage: intent.config.stage,
    seq: nextSeq(intent),
    excluded: excludedIn(intent),
    ...inventoryOf(intent),
  })
}

function inventoryOf({ config }: Intent): Pick<FleetRecord, 'hosts'> {
  return config.hosts.length > mostHosts ? {} : { hosts: config.hosts.map(({ name }) => name) }
}

/** A host that is left out may have been the only one to record the last run: our record goes before that one too. */
function nextSeq({ hosts, excluded = [] }: Intent): number {
  const seqs = hosts.flatMap(({ state }) => state.fleet?.seq ?? [])
  return seqAfterAll(seqs, excluded.length > 0 ? 2 : 1)
}

/** Those left out now, and those left out before that are still not back. */
function excludedIn({ record, excluded: now = [], hosts, config }: Intent): readonly Excluded[] {
  const before = (record?.excluded ?? []).filter(({ host }) => mayRejoin(config, host))
  const told = new Set([...now.map(({ host }) => host), ...hosts.map(({ host }) => host.name)])
  return [...before.filter(({ host }) => !told.has(host)), ...now]
}

/** Hosts that a command lists come and go, under names that do not come back. */
function mayRejoin({ hosts, hostsCommand }: Config, host: string): boolean {
  return !hostsCommand || hosts.some(({ name }) => name === host)
}

export function historyRecord(intent: Intent, previous: string | null, failed?: string): string {
  const record = { at: intent.at, by: intent.who, command: intent.command, release: intent.release, previous }
  return JSON.stringify(
    failed === undefined ? record : { ...record, release: previous, failed: intent.release, reason: oneLine(failed) },
  )
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').slice(0, 500)
}

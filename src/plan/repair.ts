import type { Config } from '../config/config.js'
import type { Host } from '../inventory/host.js'
import { inWords } from '../release/paths.js'
import { seal } from '../scripts/prepare/seal.js'
import { type Dates, setDates } from '../scripts/read/file-times.js'
import type { Claim } from '../scripts/shell/fence.js'
import { recordFleet } from '../scripts/transaction/end-transaction.js'
import { layLinks } from '../scripts/transaction/links.js'
import { abandon, blame } from '../scripts/transaction/mark-bad.js'
import { prune } from '../scripts/transaction/prune.js'
import { decide } from '../scripts/transaction/settle-transaction.js'
import { restore, serve } from '../scripts/transaction/swap.js'
import type { Doubts, Need } from '../state/decide-repair.js'
import type { Current, HostState, ReleaseState, TransactionState } from '../state/host-state.js'
import { currentRelease } from '../state/releases.js'
import { runOn, runRecord } from './app/release-run.js'
import { touchedFiles, unsealedPaths } from './app/touched-files.js'
import { hookVariables } from './app/variables.js'
import { notWarm } from './app/warm.js'
import { fetcherOn } from './fetchers.js'
import { verifyStep } from './held-steps.js'
import { lockPhases } from './phase-order.js'
import type { HostPlan, Plan, PushStep, Step } from './plan.js'
import {
  historyRecord,
  hookSteps,
  type Intent,
  planTransaction,
  sameRecord,
  scriptStep,
  storedAs,
  switchBackOf,
} from './transaction.js'

export interface BringIntent extends Intent {
  readonly needs: ReadonlyMap<string, Need>
  readonly doubts: Doubts
  /** The release as an intact host holds it: what is pushed must become the same. */
  readonly model: ReleaseState
  /** When its files were written, as that host has them. */
  readonly dates: Dates
}

/**
 * Brings the fleet's release to the hosts that do not serve it. The others take part, so that their lock is held and their
 * copy is verified: their `current` is renamed to what it is already, and nothing of theirs is restarted.
 */
export function planBring(intent: BringIntent): Plan {
  const plan = planTransaction(
    intent,
    (host, state, claim) => prepareHost(intent, host, state, claim),
    () => [],
  )
  return { ...plan, hosts: plan.hosts.map(host => (isRight(intent, host) ? bystander(intent, host) : host)) }
}

/** Brings to all hosts, under a new id, what some serve a damaged copy of; that is marked bad, so that nobody goes back to it. */
export function planRemake(intent: BringIntent, damaged: string): Plan {
  const plan = planBring(intent)
  return {
    ...plan,
    hosts: plan.hosts.map(host => {
      const script = blame(
        { root: host.root, tx: intent.tx },
        damaged,
        `changed on a host, made anew as ${intent.release}`,
      )
      return { ...host, record: scriptStep(script, `mark ${damaged} bad`) }
    }),
  }
}

/** Puts the hosts back that a dead run swapped and never confirmed. The others are only locked, and asked how they are. */
export function planPutBack(intent: Intent, doubts: Doubts): Plan {
  const before = intent.hosts.map(({ host, state }) => ({ host, state: asBefore(state, doubts.get(state.name)) }))
  const plan = planTransaction({ ...intent, hosts: before }, noSteps, () => [])
  const old = plan.hosts.find(({ host }) => doubts.has(host.name))
  return {
    ...plan,
    phases: lockPhases(plan),
    release: old?.oldRelease ?? intent.release,
    digest: old?.oldDigest ?? null,
    previous: intent.release,
    hosts: plan.hosts.map((host, i) => {
      const doubt = doubts.get(host.host.name)
      if (doubt !== undefined)
        return {
          ...host,
          flip: host.flip && { ...host.flip, keeps: false },
          processes: host.leftWarm.length > 0 && host.processes ? { ...host.processes, old: 'warn' } : host.processes,
          restore: restoreDead(intent, host, doubt),
          back: switchBackDead(intent, before[i], doubt),
          serve: scriptStep(serve({ root: host.root, tx: intent.tx, of: doubt.id }), host.serve.text),
          abandon: abandonDead(intent, host, doubt),
        }
      return {
        ...host,
        stays: true,
        restartOld: [],
        back: null,
        healthOld: tookPart(intent.hosts[i]?.state, doubts) ? host.healthOld : [],
      }
    }),
  }
}

/** Takes the lock and gives it back: that alone removes what dead runs prepared; and damaged copies that nobody serves. */
export function planSweep(intent: Intent, remove: readonly string[]): Plan {
  const plan = planTransaction(intent, noSteps, () => [])
  return {
    ...plan,
    phases: lockPhases(plan, 'prune'),
    hosts: plan.hosts.map(host => {
      const claim = { root: host.root, tx: intent.tx }
      const removal = scriptStep(prune(claim, [intent.release]), `remove the damaged ${intent.release}`, 600_000)
      return remove.includes(host.host.name) ? { ...host, prune: removal } : host
    }),
  }
}

/** Takes the lock, writes the fleet's record anew (`text`: what is new in it), and gives it back. */
export function planRecord(intent: Intent, text: string): Plan {
  const plan = planTransaction(intent, noSteps, () => [])
  const record = sameRecord(intent)
  return {
    ...plan,
    phases: lockPhases(plan, 'record'),
    record,
    hosts: plan.hosts.map(host => ({
      ...host,
      record: scriptStep(recordFleet({ root: host.root, tx: intent.tx }, record), text, 60_000),
    })),
  }
}

/** Takes the lock, tells the store what the fleet's record says, and gives it back. */
export function planForward(intent: Intent): Plan {
  const plan = planTransaction(intent, noSteps, () => [])
  const hosts = plan.hosts.map(({ host }) => host.name)
  const forward = { name: 'forward', hosts, batch: '', steps: [], onFailure: 'end' } as const
  return { ...plan, stored: storedAs(intent), phases: [...lockPhases(plan), forward] }
}

function noSteps(): readonly Step[] {
  return []
}

function prepareHost(intent: BringIntent, host: Host, state: HostState, claim: Claim): readonly Step[] {
  const doubt = intent.doubts.get(state.name)
  const ended = doubt === undefined ? [] : [decideStep(claim, state, doubt)]
  switch (intent.needs.get(state.name)) {
    case 'push':
      return [...ended, ...pushSteps(intent, host, state, claim)]
    case 'deploy':
      return ended
    default:
      return [...ended, verifyStep(intent.config, host, state, intent.release, 'all')]
  }
}

/** The dead run's swap has been confirmed elsewhere: so it is here, where it was done; where it was not, it is called off. */
function decideStep(claim: Claim, state: HostState, { id, next, outcome: decided }: TransactionState) {
  const done = decided === null && state.current.kind === 'link' && state.current.target === `releases/${next}`
  const outcome = done ? 'confirmed' : 'reverted'
  return scriptStep(decide({ ...claim, of: id }, outcome), `end the dead run's transaction here: ${outcome}`, 60_000)
}

/** The same bytes, and the same hooks where there were any: what comes of them is compared with the other hosts. */
function pushSteps(intent: BringIntent, today: Host, state: HostState, claim: Claim): readonly Step[] {
  const { release, model } = intent
  const { config, host } = runOn(intent.config, today, state, release, intent.secrets, intent.run)
  const hooked = model.tree !== null
  const served = { release, revision: intent.revision, previous: currentRelease(state) }
  const variables = hookVariables(config, intent.secrets, host, state.root, served)
  const hooks = hooked ? config.prepare.filter(one => !one.once) : []
  const writable = unsealedPaths(config)
  const { digest, extra, origin } = model
  const record = { digest, extra, tx: intent.tx, at: intent.at, by: intent.who, ...(origin && { origin }) }
  return [
    push(intent, config, state),
    scriptStep(setDates(claim, release, intent.dates, writable), 'date the files as on the other hosts'),
    ...hookSteps(claim, host, hooks, 'prepare', `releases/${release}`, variables),
    scriptStep(
      seal(claim, { release, record: JSON.stringify(record), run: runRecord(config, host), hooked, writable }),
      'flush to disk and seal',
      300_000,
    ),
  ]
}

function push({ release, model }: BringIntent, config: Config, state: HostState): PushStep {
  const digest = model.digest ?? ''
  const text = `all files → ${state.root}/releases/${release}`
  const unpack = {
    release,
    base: null,
    unchanged: 'copy',
    digest,
    revision: model.revision ?? digest,
    shared: config.shared,
    touched: touchedFiles(config),
    writable: unsealedPaths(config),
  } as const
  return { kind: 'push', name: 'push', text, baseDigest: null, unpack, fetcher: fetcherOn(state), timeout: 1_800_000 }
}

function isRight({ needs }: BringIntent, { host }: HostPlan): boolean {
  const need = needs.get(host.name)
  return need === 'nothing' || need === 'deploy'
}

function bystander({ tx, release }: BringIntent, host: HostPlan): HostPlan {
  const text = `make both links: go and back → releases/${release}, which it serves`
  const links = layLinks({ root: host.root, tx }, release, host.old, Buffer.alloc(0))
  return {
    ...host,
    stays: true,
    links: scriptStep(links, text, 60_000),
    ...notWarm,
    restart: [],
    health: [],
    processes: null,
    restartOld: [],
    healthOld: [],
    back: null,
  }
}

/** The dead run's release may have the traffic: it is taken from it at one word to all, as that run would have done. */
function switchBackDead(intent: Intent, host: Intent['hosts'][number] | undefined, { id }: TransactionState) {
  if (host === undefined) return null
  return switchBackOf(intent, host.host, host.state, { root: host.state.root, tx: intent.tx, of: id })
}

function restoreDead({ tx }: Intent, host: HostPlan, { id, next }: TransactionState) {
  const claim = { root: host.root, tx, of: id }
  return scriptStep(restore(claim, next ?? ''), `rename current back → ${inWords(host.old)}`)
}

/** Ends the dead run's transaction together with ours. */
function abandonDead(intent: Intent, host: HostPlan, { id, next }: TransactionState): HostPlan['abandon'] {
  const claim = { root: host.root, tx: intent.tx, of: id }
  return reason =>
    scriptStep(
      abandon(claim, { release: next ?? '', bad: null, history: historyRecord(intent, host.oldRelease, reason) }),
      "end the dead run's transaction, unlock",
    )
}

/** The host as it was before the swap: what it has to become again. */
function asBefore(state: HostState, doubt: TransactionState | undefined): HostState {
  return doubt === undefined ? state : { ...state, current: linkTo(doubt.old) }
}

function linkTo(target: string | null): Current {
  if (target === null) return { kind: 'absent' }
  const release = /(?:^|\/)releases\/([^/]+)$/.exec(target)?.[1] ?? null
  return { kind: 'link', target, resolves: true, release }
}

function tookPart(state: HostState | undefined, doubts: Doubts): boolean {
  const ids = new Set([...doubts.values()].map(({ id }) => id))
  return state?.transactions.some(({ id }) => ids.has(id)) ?? false
}

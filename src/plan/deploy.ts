import type { Config } from '../config/config.js'
import type { Host } from '../inventory/host.js'
import type { Origin } from '../release/origin.js'
import { retired } from '../release/retention.js'
import { skeletonDirs } from '../release/shared.js'
import { seal } from '../scripts/prepare/seal.js'
import { type Dates, setDates } from '../scripts/read/file-times.js'
import type { Claim } from '../scripts/shell/fence.js'
import type { HostState } from '../state/host-state.js'
import { confirmedReleases, currentRelease } from '../state/releases.js'
import { runRecord } from './app/release-run.js'
import { touchedFiles, unsealedPaths } from './app/touched-files.js'
import { hookVariables } from './app/variables.js'
import { fetcherOn } from './fetchers.js'
import type { Plan, PushStep, Step } from './plan.js'
import { hookSteps, type Intent, planTransaction, scriptStep } from './transaction.js'

export interface DeployIntent extends Intent {
  readonly command: 'deploy' | 'promote'
  readonly digest: string
  /** Where hosts hold different releases: the one that most take their unchanged files from, and when these were written. */
  readonly reference: { readonly release: string; readonly dates: Dates } | null
  /** First line of every manifest that we hold: bases written in another dialect are not used. */
  readonly usableBase: (digest: string) => boolean
  /** Null: a commit or a folder was built for it. */
  readonly origin: Origin | null
  /** Entries that unpack adds to the manifest's: REVISION, links to shared/ and their folders. */
  readonly extra: number
}

/** Push, prepare hooks, seal; then what every transaction does. */
export function planDeploy(intent: DeployIntent): Plan {
  const { release, digest, config } = intent
  const confirmed = confirmedReleases(intent.hosts.map(({ state }) => state))
  return planTransaction(
    intent,
    (host, state, claim) => prepareHost(intent, host, state, claim),
    state => retired(state, { id: release, digest }, config.keepReleases, confirmed),
  )
}

function prepareHost(intent: DeployIntent, host: Host, state: HostState, claim: Claim): readonly Step[] {
  const { config, release } = intent
  const served = { release, revision: intent.revision, previous: currentRelease(state) }
  const variables = hookVariables(config, intent.secrets, host, state.root, served)
  const hooks = hookSteps(
    claim,
    host,
    config.prepare.filter(one => !one.once),
    'prepare',
    `releases/${release}`,
    variables,
  )
  const writable = unsealedPaths(config)
  const record = JSON.stringify({
    digest: intent.digest,
    extra: intent.extra,
    tx: intent.tx,
    at: intent.at,
    by: intent.who,
    ...(intent.origin === null ? {} : { origin: intent.origin }),
  })
  const { base, odd, unchanged } = startOf(intent, state)
  return [
    push(intent, state, base, unchanged),
    ...(odd === null
      ? []
      : [scriptStep(setDates(claim, release, odd.dates, writable), 'date the files as on the other hosts')]),
    ...hooks,
    scriptStep(
      seal(claim, { release, record, run: runRecord(config, host), hooked: hooks.length > 0, writable }),
      'flush to disk and seal',
      300_000,
    ),
  ]
}

/** What a host makes the release from: its base, whether what did not change becomes hard links, and dates that it lacks. */
export function startOf(intent: DeployIntent, state: HostState) {
  const { config, reference } = intent
  const base = baseOf(intent, state)
  const odd = reference !== null && reference.release !== base?.id ? reference : null
  const mayLink = odd === null && config.unchanged === 'auto' && config.prepare.length === 0
  return { base, odd, unchanged: mayLink ? 'link' : 'copy' } as const
}

function push(
  intent: DeployIntent,
  state: HostState,
  base: Base | null,
  unchanged: PushStep['unpack']['unchanged'],
): PushStep {
  return {
    kind: 'push',
    name: 'push',
    text: `${base === null ? 'all files' : `what ${base.id} lacks`} → ${state.root}/releases/${intent.release}${begins(intent.config)}`,
    baseDigest: base?.digest ?? null,
    unpack: {
      release: intent.release,
      base: base?.id ?? null,
      unchanged,
      digest: intent.digest,
      revision: intent.revision ?? intent.digest,
      shared: intent.config.shared,
      touched: touchedFiles(intent.config),
      writable: unsealedPaths(intent.config),
    },
    fetcher: fetcherOn(state),
    timeout: 1_800_000,
  }
}

function begins({ shared }: Config): string {
  const dirs = skeletonDirs(shared)
  return dirs.length === 0 ? '' : `; what git has of ${dirs.join(', ')} → shared/, where it is empty`
}

interface Base {
  readonly id: string
  readonly digest: string
}

/** The release on the host to take unchanged files from: the one it serves, else the newest sealed one. */
export function baseOf(intent: Pick<DeployIntent, 'usableBase'>, state: HostState): Base | null {
  if (!state.tools.includes('cp--parents')) return null
  const serves = currentRelease(state)
  const sealed = state.releases.flatMap(({ id, digest }) => (digest === null ? [] : [{ id, digest }]))
  const usable = sealed.filter(({ digest }) => intent.usableBase(digest))
  return usable.find(({ id }) => id === serves) ?? usable[0] ?? null
}

import type { Artifact } from '../../artifact/artifact.js'
import type { Config } from '../../config/config.js'
import type { ExitCode } from '../../exit-code.js'
import { askHealth } from '../../fleet/health/health.js'
import type { Outcome } from '../../fleet/outcome.js'
import { readRun } from '../../fleet/read/run-record.js'
import { type ReleaseRun, runChanges, runRecord } from '../../plan/app/release-run.js'
import { onHost } from '../../plan/app/variables.js'
import { healthSteps, oddRunsOf } from '../../plan/transaction.js'
import { servesAlready } from '../../state/preflight.js'
import { currentEntry, currentRelease } from '../../state/releases.js'
import type { Context } from '../context/context.js'
import type { DeployFlags } from '../context/flags.js'
import { type Fleet, orInterrupt } from '../context/read-fleet.js'
import { revealSecrets } from '../context/transact.js'
import { withSkeleton } from './build-release.js'

/** Ends a run that has nothing to do: every host was read and serves this digest. */
export async function tellUnchanged(
  context: Context,
  fleet: Fleet,
  digest: string | null,
  startedAt: number,
  command: Outcome['command'],
  warnings: readonly string[] = [],
): Promise<ExitCode> {
  const outcome = { ...(await unchanged(context, fleet, digest, startedAt, command)), warnings }
  context.emit({ type: 'run.end', outcome })
  return outcome.exitCode
}

/** That the files are right says nothing of the app: its health is asked as after a swap. Exit code 6 where it fails. */
export async function unchanged(
  context: Context,
  fleet: Fleet,
  digest: string | null,
  startedAt: number,
  command: Outcome['command'],
): Promise<Outcome> {
  const release = currentRelease((fleet[0] as Fleet[number]).state) ?? ''
  const failures = await failuresOf(context, fleet)
  const failing = fleet.filter((_, i) => failures[i] !== null).map(({ session }) => session.host)
  const asked = context.config.health.length > 0
  return {
    command,
    app: context.config.app,
    stage: context.config.stage,
    result: 'unchanged',
    exitCode: failing.length === 0 ? 0 : 6,
    release,
    previous: release,
    digest,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    bytes: 0,
    swapWindowMs: null,
    switchWindowMs: null,
    hosts: fleet.map(({ session, state }, i) => ({
      name: state.name,
      current: currentRelease(state),
      digest,
      healthy: asked ? failures[i] === null : null,
      bytes: session.bytes(),
      error: failures[i] ?? null,
    })),
    reason:
      fleet.flatMap(({ state }, i) => (failures[i] == null ? [] : [`${state.name}: ${failures[i].message}`]))[0] ??
      null,
    next: failing.length === 0 ? [] : [nextFor(context, failing)],
    warnings: oddRunsOf({
      config: context.config,
      secrets: {},
      hosts: fleet.map(({ session, state }) => ({ host: session.host, state })),
    }),
    log: null,
  }
}

/** A command, and an address with a secret in it, need the secrets. */
async function failuresOf(context: Context, fleet: Fleet) {
  const { config, concurrency, emit, io } = context
  if (config.health.length === 0) return fleet.map(() => null)
  const secrets = await revealSecrets(context)
  const asked = fleet.map(({ session, state }) => ({
    session,
    steps: healthSteps(config, secrets, session.host, state),
  }))
  return orInterrupt(context, askHealth(asked, { emit, concurrency, stop: io.stop }))
}

function nextFor({ config, hosts }: Context, failing: Context['hosts']): string {
  if (!failing.some(host => onHost(config.restart, host).length > 0)) return 'look: clonedeploy status'
  const some = failing.length < hosts.length ? ` --only ${failing.map(({ name }) => name).join(',')}` : ''
  return `fix: clonedeploy restart${some}`
}

/** Whether a deploy has nothing to do: the files are those that are served, and they would be run as they are. */
export function isUnchanged(context: Context, flags: DeployFlags, fleet: Fleet, artifact: Artifact): boolean {
  const states = fleet.map(({ state }) => state)
  if (flags.force || !servesAlready(states, artifact.digest)) return false
  const changes = changesOfRun(withSkeleton(context.config, artifact), fleet)
  if (changes.length === 0) return true
  const text = `the files are the same, but not how they are run: ${changes.join(', ')}`
  context.emit({ type: 'note', level: 'info', host: null, text })
  return false
}

/** Where nothing was recorded, a release is run as it is configured now; a record that makes no sense is worth a deploy. */
function changesOfRun(config: Config, fleet: Fleet): readonly string[] {
  const all = fleet.flatMap(({ session: { host }, state }) => {
    const [then, now] = [currentEntry(state)?.run ?? null, readRun(runRecord(config, host))]
    if (then === null || now === 'damaged') return []
    return then === 'damaged' ? ['a damaged record'] : runChanges(then as ReleaseRun, now)
  })
  return [...new Set(all)]
}

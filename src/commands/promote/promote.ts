import type { Artifact } from '../../artifact/artifact.js'
import { skeletonBuilt } from '../../artifact/cache/builds.js'
import { artifactOf } from '../../artifact/pack.js'
import { PreflightError, UsageError } from '../../errors.js'
import type { ExitCode } from '../../exit-code.js'
import { readOnAll } from '../../fleet/read/verify-held-release.js'
import { once } from '../../once.js'
import { vouched } from '../../state/evidence/vouched-record.js'
import { type Promotable, promotable } from '../../state/promotable.js'
import { type Context, inContext } from '../context/context.js'
import { type PromoteFlags, quietly } from '../context/flags.js'
import { withoutExcluded } from '../context/hosts/excluded.js'
import type { Io } from '../context/io.js'
import { type Fleet, leave, orInterrupt } from '../context/read-fleet.js'
import { knownHere } from '../context/run-records.js'
import type { Builder } from '../deploy/build-release.js'
import { deployBuilt } from '../deploy.js'
import { readFleet } from '../status.js'
import { type PromotedFiles, promotedFiles } from './promoted-files.js'
import { demandSharable } from './shared-clash.js'

/** `clonedeploy promote`: one stage gets the very files that another one has confirmed on all of its hosts. Builds nothing. */
export async function promote(io: Io, flags: PromoteFlags): Promise<ExitCode> {
  const { from } = flags
  if (from === undefined) throw new UsageError('promote needs --from STAGE, the stage that has confirmed the release.')
  return inContext(io, withoutExcluded(flags), context => {
    const { config } = context
    if (from === config.stage) throw new UsageError(`--from ${from} is the stage that is promoted to.`)
    const found = once(() => findFiles(context, flags, from))
    const builder: Builder = {
      pinned: found,
      revision: () => Promise.resolve(null),
      artifact: async () => (await found()).artifact,
    }
    return deployBuilt({ ...context, config: { ...config, build: [] } }, flags, 'promote', () => builder)
  })
}

async function findFiles({ io, config, emit }: Context, flags: PromoteFlags, stage: string): Promise<Found> {
  const found = await filesOf(io, flags, stage)
  demandSharable(config, found.artifact.manifest, stage)
  emit({ type: 'note', level: 'info', host: null, text: `${found.release} of ${stage}: from ${found.from}` })
  return found
}

interface Found {
  readonly release: string
  readonly artifact: Artifact
  /** What gave the files. */
  readonly from: string
}

/** Of the stage that is promoted from; nothing is changed there. */
async function filesOf(io: Io, flags: PromoteFlags, stage: string): Promise<Found> {
  const { config: file, timeout, concurrency, verbose, release = null } = flags
  const common = { ...(file && { config: file }), ...(timeout && { timeout }), ...(concurrency && { concurrency }) }
  const asked = quietly({ ...common, stage, output: 'plain', ...(verbose && { verbose }) } as const)
  // What is proposed is about the stage that is promoted to; and whoever stops it waits for no host of this one.
  return inContext({ ...io, onStage: () => {} }, asked, context =>
    orInterrupt(context, confirmedFiles(context, release)),
  )
}

async function confirmedFiles(context: Context, release: string | null): Promise<Found> {
  const { app, stage } = context.config
  const { fleet, read } = await readFleet(context)
  try {
    const states = read.map(({ state }) => state)
    const what = promotable({ app, stage }, fleet, vouched(states, knownHere(context)), release)
    if ('problems' in what) throw refusal(stage, release, what.problems)
    await demandIntact(context, read, what)
    const files = await promotedFiles(context, read, what)
    if (files === null) throw ungiven(stage, what.release)
    return { release: what.release, artifact: promoted(context, files, what), from: files.from }
  } finally {
    leave(read)
  }
}

function promoted(
  { cacheDir, config: { stage } }: Context,
  { frozen, binaries }: PromotedFiles,
  { release, digest, commit }: Promotable,
): Artifact {
  const revision = commit === null ? null : { commit, ref: stage, subject: '', author: '', dirty: null }
  const artifact = artifactOf(frozen, revision, { skeleton: skeletonBuilt(cacheDir, digest), binaries })
  return { ...artifact, origin: { stage, release } }
}

/** What was tried there is what goes on from there: a copy that was changed on a host is something else. */
async function demandIntact(context: Context, fleet: Fleet, { release }: Promotable): Promise<void> {
  const { config, concurrency } = context
  const { damaged, lost } = await readOnAll(config, fleet, release, { concurrency, read: 'written' })
  const problems = [
    ...[...damaged].map(name => `${name}  holds a copy of ${release} that was changed there`),
    ...[...lost].map(name => `${name}  was lost while ${release} was read there`),
  ]
  if (problems.length > 0) throw refusal(config.stage, release, problems)
}

function refusal(stage: string, release: string | null, details: readonly string[]): PreflightError {
  return new PreflightError(`${stage} has not confirmed ${release ?? 'what it serves'} on all of its hosts.`, {
    changed: 'nothing',
    details,
    next: [`look at the status of ${stage}, and promote when all of its hosts are on one release`],
  })
}

function ungiven(stage: string, release: string): PreflightError {
  return new PreflightError(`Nobody gives the files of ${release} as ${stage} has confirmed them.`, {
    changed: 'nothing',
    details: ['neither the local cache, nor a store, nor a host has all of them unchanged'],
    next: [`deploy to ${stage} again, and promote that`],
  })
}

import { basename } from 'node:path'
import type { Artifact, Payload, Revision } from '../../artifact/artifact.js'
import { type BuildOptions, buildArtifact, buildWithoutCommands, lookForDependencies } from '../../artifact/build.js'
import { pruneCache } from '../../artifact/cache/prune.js'
import { entriesOf, type Manifest } from '../../artifact/manifest/manifest.js'
import { writtenFor } from '../../artifact/payload/payload.js'
import { aboutRevision, pinCommit } from '../../artifact/source.js'
import type { Config } from '../../config/config.js'
import { PreflightError, UsageError } from '../../errors.js'
import { once } from '../../once.js'
import { unsealedPaths } from '../../plan/app/touched-files.js'
import { type DeployIntent, startOf } from '../../plan/deploy.js'
import type { Origin } from '../../release/origin.js'
import type { HostState } from '../../state/host-state.js'
import type { Needs } from '../../state/preflight.js'
import { bytesText } from '../../text/units.js'
import type { Context } from '../context/context.js'
import type { DeployFlags } from '../context/flags.js'
import { type Fleet, orInterrupt } from '../context/read-fleet.js'
import { lastDigests } from '../context/run-records.js'

/** Everything a deploy decides with, once the fleet is read and the artifact built. */
export interface Prepared {
  readonly fleet: Fleet
  readonly artifact: Artifact
  readonly bases: ReadonlyMap<string, Manifest>
  readonly intent: DeployIntent
  /** What brings a host to the artifact from the release with this digest; null, or one that is not known: from nothing. */
  readonly payload: (baseDigest: string | null) => Promise<Payload>
}

/** The commit, pinned once, what is to say of it, and what is built of it, once. */
export interface Builder {
  readonly pinned: () => Promise<object>
  readonly revision: () => Promise<Revision | null>
  readonly artifact: () => Promise<Artifact>
}

/** Where the files come from, when they are not built for the release. */
export function originOf({ source }: Pick<Config, 'source'>): Origin | null {
  return source.kind === 'artifact' ? { artifact: basename(source.path) } : null
}

/** A dry run runs nothing of the project unless --build asks for it. */
export function builderOf(context: Context, config: Config, flags: DeployFlags, over: AbortController): Builder {
  const { cacheDir, openRepository: open } = context
  const pinned = once(() => pinCommit(config.source, config.root, cacheDir, flags.offline, open))
  const revision = once(async () => aboutRevision(await pinned()))
  context.io.stop.asked.then(() => over.abort())
  const artifact = once(async () => {
    const options: BuildOptions = {
      config,
      revision: await revision(),
      cacheDir,
      open,
      signal: over.signal,
      force: flags.force ?? false,
      afresh: flags.cache === false,
      offline: flags.offline ?? false,
      onOutput: (line, stream) => context.emit({ type: 'output', host: null, step: 'build', stream, line }),
      onNote: (level, text) => context.emit({ type: 'note', level, host: null, text }),
    }
    const withoutCommands = flags.dryRun === true && flags.build !== true
    return withoutCommands ? buildOrGuess(options) : buildArtifact(options)
  })
  return { pinned, revision, artifact }
}

/** The commands of a build, as a dry run lists them: what is kept for the first one is said behind it. */
export async function buildLines(
  context: Context,
  flags: DeployFlags,
  { revision }: Artifact,
): Promise<readonly string[]> {
  const { config, cacheDir, openRepository: open } = context
  const [first, ...rest] = config.build
  if (first === undefined) return []
  const afresh = flags.cache === false
  const kept = await lookForDependencies({
    ...{ config, revision, cacheDir, open, afresh, offline: flags.offline ?? false },
    onOutput: () => {},
  })
  return [kept === null || flags.build ? first : `${first}   (${kept})`, ...rest]
}

/** What would be left out of a release, or go out with it, as far as that is known without running a command of the project. */
export async function sourceWarnings(context: Context): Promise<readonly string[]> {
  const over = new AbortController()
  try {
    return (await orInterrupt(context, builderOf(context, context.config, { dryRun: true }, over).artifact())).warnings
  } catch (error) {
    if (!(error instanceof PreflightError || error instanceof UsageError)) throw error
    return [`what would be deployed was not looked at: ${error.message}`]
  } finally {
    over.abort()
  }
}

/** Waits for the artifact, and tells of it. */
export async function build(context: Context, builder: Builder): Promise<Artifact> {
  const { emit } = context
  const began = performance.now()
  emit({ type: 'phase.start', phase: 'build' })
  const uncommitted = uncommittedIn(await builder.revision())
  for (const text of uncommitted) emit({ type: 'note', level: 'warning', host: null, text })
  const made = await orInterrupt(context, builder.artifact())
  for (const text of made.warnings) emit({ type: 'note', level: 'warning', host: null, text })
  const artifact = { ...made, warnings: [...uncommitted, ...made.warnings] }
  if (isUnbuilt(artifact)) {
    emit({
      type: 'phase.end',
      phase: 'build',
      ok: true,
      ms: performance.now() - began,
      note: 'not built: a dry run runs no command of the project (--build lets it)',
    })
    return artifact
  }
  const entries = entriesOf(artifact.manifest)
  const note = `${entries.length} files, links and folders, ${bytesText(writtenFor(null, artifact.manifest, []).bytes)}   ${artifact.digest.slice(0, 17)}…`
  emit({ type: 'phase.end', phase: 'build', ok: true, ms: performance.now() - began, note })
  return artifact
}

function uncommittedIn(revision: Revision | null): readonly string[] {
  if (revision === null) return []
  const { dirty, commit, ref, uncommittedRules } = revision
  const changes = dirty === 1 ? '1 uncommitted change, which is' : `${dirty} uncommitted changes, which are`
  const from = `building from ${commit.slice(0, 7)} (${ref})`
  return [
    ...(dirty ? [`the working tree has ${changes} not deployed: ${from}`] : []),
    ...(uncommittedRules ? ['.deployignore is not applied as it is here until that is committed'] : []),
  ]
}

async function buildOrGuess(options: BuildOptions): Promise<Artifact> {
  return (await buildWithoutCommands(options)) ?? unbuilt(options.revision)
}

/** What is written on a host. One that cannot link after all, for its files were changed, needs as much as without a base. */
export function needsFor({ artifact: { manifest }, bases, intent }: Prepared): (state: HostState) => Needs {
  const known = new Map<string | null, Needs>()
  return state => {
    const { base, unchanged } = startOf(intent, state)
    const digest = (unchanged === 'link' && base?.digest) || null
    const needs =
      known.get(digest) ?? writtenFor(bases.get(digest ?? '') ?? null, manifest, unsealedPaths(intent.config))
    known.set(digest, needs)
    return needs
  }
}

/** The configuration as this release is made with it. */
export function withSkeleton(config: Config, { skeleton }: Artifact): Config {
  return Object.keys(skeleton).length === 0 ? config : { ...config, shared: { ...config.shared, skeleton } }
}

const digest = `sha256:${'0'.repeat(64)}`

/** Stands for what a build would make, in a dry run that may not run it: only its revision is known. */
function unbuilt(revision: Revision | null): Artifact {
  return {
    manifest: { lines: ['# clonedeploy 1 036'] },
    digest,
    revision,
    skeleton: {},
    warnings: [],
    binaries: [],
    payload: () => Promise.reject(new Error('nothing was built')),
  }
}

export function isUnbuilt(artifact: Artifact): boolean {
  return artifact.digest === digest
}

/** Removes old artifacts after a deploy, and none that its hosts held or a stage got lately. What cannot be removed stays. */
export function tidyCache(context: Context, fleet: Fleet): void {
  const held = fleet.flatMap(({ state }) => state.releases.flatMap(({ digest }) => digest ?? []))
  try {
    pruneCache(context.cacheDir, [...held, ...lastDigests(context)])
  } catch {}
}

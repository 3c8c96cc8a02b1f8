import { someOf } from '../../artifact/printable-names.js'
import { paths } from '../../release/paths.js'
import { readManifest } from '../../scripts/read/contents.js'
import { escapeLine } from '../../text/escape.js'
import { onEach } from '../each-host.js'
import { longestList, unzipped } from '../push/scripts-up-to.js'
import { nameOf } from '../read/verify-held-release.js'
import { type Halt, type HostRun, haltOf, type Run } from './run.js'

/** Names the first files of a release that are not the same on two hosts; null when a host does not say what it has. */
async function oddFiles(hosts: readonly [HostRun, HostRun], release: string): Promise<string | null> {
  const [one, other] = await onEach(hosts, 2, host => sealedOn(host, release))
  return one == null || other == null ? null : differingNames(one, other)
}

async function sealedOn({ session, plan }: HostRun, release: string): Promise<string | null> {
  const script = readManifest(plan.root, release, paths.sealed(release))
  const { code, stdout } = await session.run(script, { timeout: 60_000 })
  return code === 0 ? (unzipped(stdout, longestList)?.toString('utf8') ?? null) : null
}

function differingNames(one: string, other: string): string | null {
  const lists = [one, other].map(list => new Set(list.split('\n')))
  const [mine, theirs] = lists as [Set<string>, Set<string>]
  const lines = [...[...mine].filter(line => !theirs.has(line)), ...[...theirs].filter(line => !mine.has(line))]
  const names = [...new Set(lines.filter(line => /^[dfl] /.test(line)).map(nameOf))].sort()
  return names.length === 0 ? null : someOf(names.map(name => escapeLine(name, 200)))
}
/** Fails hosts on which the prepare hooks made other files than on most. */
export async function compareTrees(run: Run): Promise<Halt | null> {
  const trees = new Map<string, HostRun[]>()
  for (const host of run.hosts) if (host.tree !== null) trees.set(host.tree, [...(trees.get(host.tree) ?? []), host])
  if (trees.size < 2) return null
  const groups = [...trees.values()].sort((a, b) => a.length - b.length)
  const odd = groups[0] as HostRun[]
  const files = await oddFiles([odd[0] as HostRun, groups.at(-1)?.[0] as HostRun], run.plan.release)
  const message = `its files differ from those of the other hosts after the prepare hooks${files === null ? '' : `: ${files}`}`
  if (run.plan.identical === 'warn') {
    run.warnings.push(`${odd.map(({ name }) => name).join(', ')}: ${message}`)
    return null
  }
  for (const host of odd) host.failure = { phase: 'prepare', step: 'compare', message, hint: toCompare, output: [] }
  return haltOf(odd)
}
const toCompare =
  "a hook that writes times, host names or random values makes clones differ; name files that may differ in `writable`, or allow all of it with identical: 'warn'"

import { someOf } from '../../artifact/names.js'
import { paths } from '../../release/paths.js'
import { readManifest } from '../../scripts/read/contents.js'
import { escapeLine } from '../../text/escape.js'
import { onEach } from '../each.js'
import { nameOf } from '../read/held.js'
import type { HostRun } from '../transaction/run.js'
import { longestList, unzipped } from './scripts-up-to.js'

/** Names the first files of a release that are not the same on two hosts; null when a host does not say what it has. */
export async function oddFiles(hosts: readonly [HostRun, HostRun], release: string): Promise<string | null> {
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

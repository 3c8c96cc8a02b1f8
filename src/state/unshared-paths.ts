import type { Shared } from '../release/shared.js'
import { listed } from '../text/phrases.js'
import type { HostState, SharedLink } from './host-state.js'

/** What releases of another tool take from shared/ and the configuration does not share: a deploy would take it off the app. */
export function unshared(states: readonly HostState[], shared: Shared): readonly string[] {
  const hosts = new Map<string, string[]>()
  for (const { name, sharedLinks } of states) {
    const lost = sharedLinks.filter(({ path }) => !isShared(path, shared))
    if (lost.length === 0) continue
    const text = JSON.stringify(lost)
    hosts.set(text, [...(hosts.get(text) ?? []), name])
  }
  return [...hosts].map(([lost, names]) => warning(names, JSON.parse(lost)))
}

function isShared(path: string, { dirs, files }: Shared): boolean {
  return files.includes(path) || dirs.some(dir => path === dir || path.startsWith(`${dir}/`))
}

function warning(names: readonly string[], lost: readonly SharedLink[]): string {
  const keys = (['file', 'dir'] as const).flatMap(kind => {
    const paths = lost.filter(link => link.kind === kind).map(({ path }) => `'${path}'`)
    return paths.length === 0 ? [] : [`${kind}s: [${paths.join(', ')}]`]
  })
  const serve = `${listed(names)} ${names.length === 1 ? 'serves' : 'serve'}`
  const paths = listed(
    lost.map(({ path }) => path),
    10,
  )
  return `the release that ${serve} has ${paths} from shared/; this config does not share ${lost.length === 1 ? 'it' : 'them'}: add shared: { ${keys.join(', ')} }`
}

import { type Listener, listeners, parseListeners } from '../../scripts/read/listeners.js'
import { placeOf } from '../read/forwarding.js'
import type { Session } from '../session.js'

const timeout = 10_000
const told = 4

/** Where the app is to be found, when nobody listens where it was asked: `web-3 listens on 127.0.0.1:8080, not 3000`. */
export async function whereListens(session: Session, root: string, asked: URL): Promise<string | null> {
  const { code, stdout } = await session.run(listeners(root), { timeout })
  return code === 0 ? listensWords(session.host.name, parseListeners(stdout), placeOf(asked)) : null
}

/** Null: somebody does listen there. The app's own ports; those of its login, where it has none; never those of others. */
export function listensWords(
  host: string,
  found: readonly Listener[],
  asked: { readonly host: string; readonly port: number },
): string | null {
  if (found.some(one => covers(one, asked))) return null
  const near = (['app', 'login'] as const).map(of => found.filter(one => one.of === of))
  const listening = [...(near.find(some => some.length > 0) ?? [])].sort((a, b) => a.port - b.port)
  const samePort = found.some(({ port }) => port === asked.port)
  const there = `${samePort ? `${asked.host}:` : ''}${asked.port}`
  if (listening.length === 0) return `nothing listens on ${there}`
  const names = [...new Set(listening.map(nameOf))]
  const shown = names.length > told ? [...names.slice(0, told), `${names.length - told} more`] : names
  return `${host} listens on ${shown.join(', ')}, not ${there}`
}

function covers({ address, port }: Listener, asked: { readonly host: string; readonly port: number }): boolean {
  return port === asked.port && (address === '*' || address === asked.host)
}

function nameOf({ address, port }: Listener): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}

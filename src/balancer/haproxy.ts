import { type Balancer, BalancerError, type BalancerProblem, type ServerState, type Wanted } from './balancer.js'
import { askHaproxy, readServers } from './haproxy-socket.js'
import type { Machine } from './machine.js'

interface Haproxy {
  readonly door: Machine
  readonly socket: string
  readonly backend: string
  /** By host. */
  readonly servers: ReadonlyMap<string, string>
}

/** One backend of one HAProxy, by its runtime API (1.8 or newer). */
export function haproxy({ door, socket, backend, servers }: Haproxy): Balancer {
  const name = `HAProxy ${door.host.name} ${backend}`
  const serverIn = (host: string) => servers.get(host) ?? host
  const ask = async (...commands: readonly string[]) => (await askHaproxy(door, socket, commands)).text

  const readAll = async () => {
    const answer = await ask(`show servers state ${backend}`, `show stat ${backend} 4 -1`)
    const states = readServers(answer, backend)
    if (states.size > 0) return states
    const said = answer.trim().split('\n')[0] ?? ''
    throw new BalancerError(`${name} cannot be read: ${said || 'it has no servers'}`, {
      fix: /find backend/.test(said) ? `is there a backend ${backend} on ${door.host.name}?` : 'look into its log',
    })
  }
  return {
    name,
    brand: 'HAProxy',
    counts: 'sessions',
    hosts: [...servers.keys()],
    maintains: true,
    serverOf: host => `${backend}/${serverIn(host)}`,
    putBack: host =>
      `echo "set server ${backend}/${serverIn(host)} state ready" | socat stdio ${socket}     (on ${door.host.name})`,
    async read(hosts) {
      const states = await readAll()
      return new Map(hosts.map(host => [host, found(states, serverIn(host), name)]))
    },
    async tell(hosts, wanted, away = []) {
      const set = (state: Wanted) => (host: string) => `set server ${backend}/${serverIn(host)} state ${state}`
      const commands = [...hosts.map(set(wanted)), ...away.map(set('maint'))]
      const { text, at } = await askHaproxy(door, socket, commands)
      if (text.trim() !== '') throw new BalancerError(`${name} refused: ${text.trim().split('\n')[0]}`)
      return at
    },
    async check() {
      return problemsOf(async () => {
        const level = (await ask('show cli level')).trim()
        const states = await readAll()
        return [
          ...(level === 'admin' ? [] : [noAdmin(name, socket, level)]),
          ...[...servers.values()].filter(server => !states.has(server)).map(server => missing(name, server, states)),
        ]
      })
    },
  }
}

/** What a check found, or what kept it from being made. */
export async function problemsOf(look: () => Promise<readonly BalancerProblem[]>): Promise<readonly BalancerProblem[]> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof BalancerError) return [{ text: error.message, fix: error.fix }]
    throw error
  }
}

function found(states: ReadonlyMap<string, ServerState>, server: string, name: string): ServerState {
  const state = states.get(server)
  if (state === undefined) throw new BalancerError(`${name} has no server ${server}`)
  return state
}

function noAdmin(name: string, socket: string, level: string): BalancerProblem {
  return {
    text: `${name}: the socket ${socket} has the level ${level || '?'}, which may not change servers`,
    fix: `in haproxy.cfg: stats socket ${socket} level admin`,
  }
}

function missing(name: string, server: string, states: ReadonlyMap<string, ServerState>): BalancerProblem {
  return {
    text: `${name} has no server ${server}; it has ${[...states.keys()].join(', ')}`,
    fix: "say how hosts are called there: balancer: { haproxy: { server: '$CLONEDEPLOY_HOST' } }, or a name for each host",
  }
}

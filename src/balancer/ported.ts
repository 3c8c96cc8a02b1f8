import { otherPort, type PortPair } from '../release/ports.js'
import { type Balancer, readyPorts, type ServerState, stateOf } from './balancer.js'

/** What a host's server of a port is called where each is a host of its own. */
export function seatOf(host: string, port: number): string {
  return `${host}:${port}`
}

/** A balancer that has a server for each of two ports of a host, as one in which a host is the server of the port that serves; while that is not known, of the one that users are sent to. */
export function ported(inner: Balancer, ports: ReadonlyMap<string, PortPair>): Balancer {
  const serving = new Map<string, number>()
  const pairOf = (host: string) => ports.get(host) as PortPair
  const seat = (host: string) => seatOf(host, serving.get(host) ?? pairOf(host)[0])
  const seatsOf = (hosts: readonly string[]) => hosts.flatMap(host => pairOf(host).map(port => seatOf(host, port)))
  const byPort = (states: ReadonlyMap<string, ServerState>, host: string) =>
    new Map(pairOf(host).map(port => [port, stateOf(states, seatOf(host, port))]))
  return {
    ...inner,
    hosts: [...ports.keys()],
    serverOf: host => inner.serverOf(seat(host)),
    putBack: host => inner.putBack(seat(host)),
    async read(hosts) {
      const states = await inner.read(seatsOf(hosts))
      const of = (host: string) =>
        [...byPort(states, host).values()].find(({ state }) => !serving.has(host) && state === 'ready')
      return new Map(hosts.map(host => [host, of(host) ?? stateOf(states, seat(host))]))
    },
    async tell(hosts, wanted) {
      const unknown = hosts.filter(host => !serving.has(host))
      const states = unknown.length === 0 ? new Map() : await inner.read(seatsOf(unknown))
      for (const host of unknown)
        for (const port of readyPorts(byPort(states, host)).slice(0, 1)) serving.set(host, port)
      return inner.tell(hosts.map(seat), wanted)
    },
    ports: {
      async read(hosts) {
        const states = await inner.read(seatsOf(hosts))
        return new Map(hosts.map(host => [host, byPort(states, host)]))
      },
      async flip(to, wanted = 'ready') {
        const flips = [...to]
        for (const [host, port] of flips) serving.set(host, port)
        return inner.tell(
          flips.map(([host, port]) => seatOf(host, port)),
          wanted,
          flips.map(([host, port]) => seatOf(host, otherPort(pairOf(host), port))),
        )
      },
      serve: (host, port) => void serving.set(host, port),
    },
  }
}

import type { Connect, Connection } from '../connection/connection.js'
import type { Host } from '../inventory/host.js'

/** The way to the machine that a balancer runs on: opened when it is needed, and again when it was lost. */
export interface Machine {
  readonly host: Host
  /** Rejects with a ConnectError. */
  readonly open: () => Promise<Connection>
  /** Gives up the connection as it is: the next `open` makes another. */
  readonly close: () => void
}

/** How machines are reached: others, and this one. */
export interface Connects {
  readonly remote: Connect
  readonly local: Connect
}

/** A balancer on the host `local` is on this machine. */
export function machineFor(host: Host, { remote, local }: Connects, timeout: number): Machine {
  let opened: Promise<Connection> | null = null
  const connect = host.host === 'local' ? local : remote
  const close = () => {
    opened?.then(
      connection => connection.close(),
      () => {},
    )
    opened = null
  }
  return {
    host,
    close,
    open() {
      if (opened !== null) return opened
      const opening = connect(host, { timeout })
      opened = opening
      const forget = () => {
        if (opened === opening) opened = null
      }
      opening.then(connection => connection.closed.then(forget), forget)
      return opening
    },
  }
}

import { setMaxListeners } from 'node:events'
import type { Connect, Connection } from '../../connection/connection.js'

/** A way to hosts that can be closed as a whole. */
export interface Connections {
  readonly connect: Connect
  readonly close: () => void
}

/** Closes at its end whatever was opened, and gives up what is being opened: anything left would keep the process alive. */
export function startConnections(connect: Connect): Connections {
  const opened: Connection[] = []
  const over = new AbortController()
  // Every host listens; Node would print a warning from the eleventh on.
  setMaxListeners(0, over.signal)
  return {
    async connect(host, options) {
      const connection = await connect(host, { ...options, signal: over.signal })
      opened.push(connection)
      if (over.signal.aborted) connection.close()
      return connection
    },
    close() {
      over.abort()
      for (const connection of opened) connection.close()
    },
  }
}

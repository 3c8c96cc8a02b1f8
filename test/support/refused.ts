import type { Connection } from '../../src/connection/connection.js'

/** What a refused connection says, as a plain object; everything undefined when it came about. */
export async function refused(connecting: Promise<Connection>) {
  const error = await connecting.then(
    connection => {
      connection.close()
      return null
    },
    thrown => thrown,
  )
  return { name: error?.name, kind: error?.kind, message: error?.message, details: error?.details, next: error?.next }
}

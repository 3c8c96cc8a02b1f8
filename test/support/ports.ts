import { createServer, type Server } from 'node:net'

// Without 10080, which no browser asks, nor fetch.
const [lowest, blocks, size] = [11_000, 45, 200]
let block: Promise<number> | null = null
let given = 0

/**
 * A port of 127.0.0.1 on which nobody listened just now, and which nobody else gets: it lies below those that the system gives to
 * outgoing connections and to who asks for any, in a block that this process alone gives away.
 */
export async function freePort(): Promise<number> {
  block ??= takeBlock()
  const first = await block
  for (let tries = 1; tries < size; tries += 1) {
    given = (given % (size - 1)) + 1
    const port = first + given
    const server = await listen(port)
    if (!server) continue
    await new Promise(resolve => server.close(resolve))
    return port
  }
  throw new Error(`all ports from ${first} to ${first + size - 1} are in use`)
}

/** The first port of a block: who listens there has the block, for as long as the process lives. */
async function takeBlock(): Promise<number> {
  for (let first = lowest; first < lowest + blocks * size; first += size) {
    const server = await listen(first)
    if (server) {
      server.unref()
      return first
    }
  }
  throw new Error(`all blocks of ports from ${lowest} on are taken`)
}

function listen(port: number): Promise<Server | null> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

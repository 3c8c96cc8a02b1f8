import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, connect as dial, type Socket } from 'node:net'
import { join } from 'node:path'
import type { TestFleet } from '../support/sshd.js'

/** A way to a host on which bytes take their time. */
export interface Link {
  /** An ssh configuration in which that host is behind the link. */
  readonly sshConfigFile: string
  /** From now on, so many bytes a second in each direction. */
  readonly pace: (bytesPerSecond: number) => void
  readonly close: () => void
}

/** Puts host `i` behind a link; the configuration is written into `dir`. */
export async function linkTo(fleet: TestFleet, i: number, dir: string): Promise<Link> {
  let rate = Number.POSITIVE_INFINITY
  const open = new Set<Socket>()
  const pump = (from: Socket, to: Socket) => {
    open.add(from)
    from.on('data', chunk => {
      from.pause()
      setTimeout(
        () => {
          to.write(chunk)
          from.resume()
        },
        (chunk.length / rate) * 1000,
      )
    })
    from.on('close', () => {
      open.delete(from)
      to.destroy()
    })
    from.on('error', () => {})
  }
  const server = createServer(near => {
    const far = dial(fleet.port(i), '127.0.0.1')
    pump(near, far)
    pump(far, near)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const sshConfigFile = join(dir, 'ssh_config')
  const direct = `Port ${fleet.port(i)}\n`
  const linked = `Port ${port}\n  HostKeyAlias [127.0.0.1]:${fleet.port(i)}\n`
  writeFileSync(sshConfigFile, readFileSync(fleet.sshConfigFile, 'utf8').replace(direct, linked))
  return {
    sshConfigFile,
    pace: bytesPerSecond => {
      rate = bytesPerSecond
    },
    close: () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

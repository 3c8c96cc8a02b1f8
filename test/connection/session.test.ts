import { expect, it } from 'vitest'
import { LostError } from '../../src/connection/errors.js'
import { session } from '../../src/connection/session.js'
import type { Transport } from '../../src/connection/shell/channel.js'
import type { Host } from '../../src/inventory/host.js'

it('says why a connection was lost, whatever the library calls a channel that went with it', async () => {
  const cause = new Error('read ECONNRESET')
  const lost = new LostError('the connection to h1 was lost: read ECONNRESET', 'connection', { cause })
  const transport: Transport = {
    openChannel: () => Promise.reject(new Error('Unable to exec')),
    forward: () => Promise.reject(lost),
    closed: Promise.resolve(lost),
    close: () => {},
  }
  const facts = { address: '', port: 22, user: '', transport: 'builtin', hostKey: null, auth: '' } as never
  await expect(
    session({ name: 'h1' } as Host, facts, transport, { startUp: 1000, login: 'ssh h1' }),
  ).rejects.toMatchObject({
    message: 'h1 let us in and then closed the connection',
    details: ['read ECONNRESET'],
  })
})

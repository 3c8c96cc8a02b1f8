import ssh2 from 'ssh2'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Talk } from '../../src/connection/ssh2/handshake.js'
import { newKey } from '../../src/connection/ssh2/key-types.js'

const { text: key } = await newKey()
const server = new ssh2.Server({ hostKeys: [key] }, client => {
  client.on('authentication', context => context.accept())
  client.on('error', () => {})
})
let port = 0
beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as { port: number }).port
})
afterAll(() => server.close())

/** Whether ssh2 logs in with this verifier. */
function logsIn(hostVerifier: Talk['hostVerifier']): Promise<boolean> {
  const client = new ssh2.Client()
  const answer = new Promise<boolean>(resolve => {
    client.on('ready', () => resolve(true))
    client.on('error', () => resolve(false))
  })
  client.connect({ host: '127.0.0.1', port, username: 'me', password: 'x', hostVerifier } as ssh2.ConnectConfig)
  return answer.finally(() => client.destroy())
}

it('a verifier that says no at once is heard', async () => {
  expect(await logsIn(() => false)).toBe(false)
})

it('a promise of a no is not: ssh2 takes it for a yes, so that it must not compile', async () => {
  // @ts-expect-error: it is no boolean
  expect(await logsIn(async () => false)).toBe(true)
})

it('a handshake without a verifier does not compile', () => {
  // @ts-expect-error: without one every key is taken
  const talk: Talk = { host: 'h1' }
  expect(talk.hostVerifier).toBeUndefined()
})

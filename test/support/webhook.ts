import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** A webhook's address, which keeps what it is sent, and answers as the test says; null: never. */
export interface TestWebhook {
  readonly url: string
  readonly got: Readonly<Record<string, unknown>>[]
  answer: number | null
  readonly stop: () => Promise<void>
}

/** What of its address nobody may see. */
export const token = 'xoxb2Fq9ZpLmV7sK1tRw8YcD'

export async function startWebhook(path = `/services/T0001/B0001/${token}`): Promise<TestWebhook> {
  const got: Readonly<Record<string, unknown>>[] = []
  const told: Pick<TestWebhook, 'answer'> = { answer: 200 }
  const server = createServer(async (request, response) => {
    got.push((await json(request)) as Readonly<Record<string, unknown>>)
    if (told.answer !== null) response.writeHead(told.answer, { location: `http://127.0.0.1:1${path}` }).end('ok')
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return Object.assign(told, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    got,
    async stop() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  })
}

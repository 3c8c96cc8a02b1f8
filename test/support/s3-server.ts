import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/**
 * What goes wrong with a request. A number: this status, and nothing is done. `lost`: it is done, and the connection dies before
 * the answer. `silent`: it is not done and never answered. `busy`: it is not done, and the server says again and again that it
 * is at it. `half`: half of the object arrives.
 * `other`: as many bytes arrive, but one of them is another. `unconditional`: it is done whatever its condition says.
 */
export type Fault = number | 'lost' | 'silent' | 'busy' | 'half' | 'other' | 'unconditional' | null

export interface Asked {
  /** `PUT`, or `LIST`; `FETCH` where the address was signed for somebody else. */
  readonly method: string
  readonly key: string
}

/** An S3 server that holds one bucket, whatever it is called, in memory, and does to each request what the test says. */
export interface S3Server {
  readonly endpoint: string
  readonly objects: Map<string, Buffer>
  readonly asked: Asked[]
  /** Looked up for each request; null: all goes well. */
  fault: (asked: Asked, nth: number) => Fault
  readonly stop: () => Promise<void>
}

export async function startS3(): Promise<S3Server> {
  const objects = new Map<string, Buffer>()
  const uploads = new Map<string, Buffer[]>()
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  const s3: { fault: S3Server['fault'] } = { fault: () => null }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://x')
    const key = decodeURIComponent(url.pathname.replace(/^\/[^/]+\/?/, ''))
    const one = { method: methodOf(url, request.method), key }
    asked.push(one)
    const fault = s3.fault(one, asked.filter(({ method }) => method === one.method).length)
    const body = await buffer(request)
    if (fault === 'silent') return
    if (fault === 'busy') return processing(response)
    if (typeof fault === 'number') return problem(response, fault)
    const put = () => {
      const isTaken = request.headers['if-none-match'] === '*' && objects.has(key) && fault !== 'unconditional'
      if (isTaken) return problem(response, 412)
      objects.set(key, unchunked(request, body))
      return fault === 'lost' ? response.destroy() : response.writeHead(200, { etag: '"e"' }).end()
    }
    const part = url.searchParams.get('partNumber')
    const upload = uploads.get(url.searchParams.get('uploadId') ?? '')
    if (one.method === 'POST' && url.searchParams.has('uploads')) return begin(response, key)
    if (part !== null && upload !== undefined) {
      upload[Number(part) - 1] = unchunked(request, body)
      return void response.writeHead(200, { etag: `"${part}"` }).end()
    }
    if (one.method === 'POST' && upload !== undefined) {
      objects.set(key, Buffer.concat(upload))
      return void response
        .writeHead(200)
        .end('<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>')
    }
    if (one.method === 'PUT') return void put()
    if (one.method === 'LIST') return list(response, url)
    if (one.method === 'DELETE') {
      objects.delete(key)
      return void response.writeHead(204).end()
    }
    const found = objects.get(key)
    if (found === undefined) return problem(response, 404)
    response.writeHead(200, { 'content-length': found.length, etag: '"e"' })
    const sent = fault === 'other' ? other(found) : found
    if (fault !== 'half') return void response.end(one.method === 'HEAD' ? undefined : sent)
    response.write(found.subarray(0, found.length >> 1), () => response.destroy())
  }

  function begin(response: ServerResponse, key: string): void {
    const id = `u${uploads.size + 1}`
    uploads.set(id, [])
    const text = `<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`
    response.writeHead(200).end(text)
  }

  /** Two keys a page, so that whoever lists has to turn pages. */
  function list(response: ServerResponse, url: URL): void {
    const prefix = url.searchParams.get('prefix') ?? ''
    const after = url.searchParams.get('continuation-token') ?? ''
    const keys = [...objects.keys()].filter(key => key.startsWith(prefix) && key > after).sort()
    const page = keys.slice(0, 2)
    const next = keys.length > 2 ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''
    const contents = page.map(key => `<Contents><Key>${key}</Key></Contents>`).join('')
    response
      .writeHead(200)
      .end(`<ListBucketResult><IsTruncated>${keys.length > 2}</IsTruncated>${next}${contents}</ListBucketResult>`)
  }

  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return Object.assign(s3, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    asked,
    async stop() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  })
}

function methodOf({ searchParams }: URL, method = ''): string {
  if (searchParams.has('X-Amz-Signature')) return 'FETCH'
  return searchParams.has('list-type') ? 'LIST' : method
}

/** Credentials as the SDK finds them, for a store that does not look at them. */
export const anyCredentials = { AWS_ACCESS_KEY_ID: 'KEY', AWS_SECRET_ACCESS_KEY: 'SECRET', AWS_REGION: 'us-east-1' }

function other(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt8((bytes[bytes.length >> 1] ?? 0) ^ 1, bytes.length >> 1)
  return copy
}

function processing(response: ServerResponse): void {
  const timer = setInterval(() => response.writeProcessing(), 50)
  response.once('close', () => clearInterval(timer))
}

const codes: Readonly<Record<number, string>> = {
  403: 'AccessDenied',
  404: 'NoSuchKey',
  409: 'ConditionalRequestConflict',
  412: 'PreconditionFailed',
  500: 'InternalError',
  501: 'NotImplemented',
  503: 'SlowDown',
}

function problem(response: ServerResponse, status: number): void {
  response.writeHead(status).end(`<Error><Code>${codes[status]}</Code><Message>so it is</Message></Error>`)
}

/** A body may come in chunks that are signed each. */
function unchunked(request: IncomingMessage, body: Buffer): Buffer {
  if (!request.headers['content-encoding']?.includes('aws-chunked')) return body
  const chunks: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.toString('latin1', at, line), 16)
    if (!(size > 0)) break
    chunks.push(body.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
  return Buffer.concat(chunks)
}

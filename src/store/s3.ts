import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { S3Config } from '../config/config.js'
import { storeName } from './name.js'
import { s3Error, statusOf } from './s3-error.js'
import { isKey, type Store, StoreError } from './store.js'

/** How long to wait in milliseconds: for a connection and for a sign of life, and for all tries of a small object. */
interface Patience {
  readonly silence: number
  readonly small: number
  /** Bytes a millisecond that a larger object has to move at. */
  readonly slowest: number
}

const usual: Patience = { silence: 10_000, small: 20_000, slowest: 25 }

/**
 * A bucket of anything that speaks S3. Only `If-None-Match: *` on a single PUT is relied on: Ceph ignores it for uploads in
 * parts and takes an `If-Match` only unquoted, others ignore that. Credentials are found where AWS's own tools find them.
 */
export function s3Store(config: S3Config, { silence, small, slowest }: Patience = usual): Store {
  const name = storeName(config)
  const client = clientOf(config, silence)
  const at = (key: string) => ({ Bucket: config.bucket, Key: keyIn(config, key) })
  const limit = (bytes: number) => small + Math.ceil(bytes / slowest)
  const soon = (bytes = 0) => ({ abortSignal: AbortSignal.timeout(limit(bytes)) })
  const told = <R>(doing: string, key: string, act: (object: ReturnType<typeof at>) => Promise<R>) =>
    act(at(key)).catch(error => Promise.reject(s3Error(name, `${doing} ${key}`, error)))
  return {
    name,
    create: (key, bytes) =>
      told('create', key, async object => {
        const put = new PutObjectCommand({ ...object, Body: bytes, IfNoneMatch: '*' })
        return (await unless(412, client.send(put, soon(bytes.length)))) === null ? 'taken' : 'created'
      }),
    put: (key, bytes) =>
      told('keep', key, async object => {
        const over = new AbortController()
        const timer = setTimeout(() => over.abort(), limit(bytes.length))
        const params = { ...object, Body: bytes }
        const upload = new Upload({ client, params, partSize: 8 << 20, abortController: over })
        await upload.done().finally(() => clearTimeout(timer))
      }),
    read: (key, most) =>
      told('read', key, async object => {
        const found = await unless(404, client.send(new GetObjectCommand(object), soon(most)))
        if (found === null) return null
        if ((found.ContentLength ?? 0) > most) throw tooLarge(name, key, most)
        return bounded(found.Body as AsyncIterable<Uint8Array>, most, () => tooLarge(name, key, most))
      }),
    size: key =>
      told('look for', key, async object => {
        const found = await unless(404, client.send(new HeadObjectCommand(object), soon()))
        return found === null ? null : (found.ContentLength ?? 0)
      }),
    list: prefix =>
      told('list', prefix, async ({ Bucket, Key }) => {
        const keys: string[] = []
        const pages = paginateListObjectsV2({ client }, { Bucket, Prefix: `${Key}/` }, soon())
        for await (const { Contents = [] } of pages)
          for (const { Key: found = '' } of Contents) keys.push(`${prefix}${found.slice(Key.length)}`)
        return keys.filter(isKey)
      }),
    remove: key =>
      told('remove', key, async object => {
        await client.send(new DeleteObjectCommand(object), soon())
      }),
    address: (key, seconds) =>
      told('sign an address of', key, async object => {
        // The store's clock decides; the SDK has learned how far ours is from it.
        const signingDate = new Date(Date.now() + client.config.systemClockOffset)
        return getSignedUrl(client, new GetObjectCommand(object), { expiresIn: seconds, signingDate })
      }),
    close: () => client.destroy(),
  }
}

function clientOf({ region, endpoint }: S3Config, silence: number): S3Client {
  // Which Node it will need next year is nothing for whoever deploys today.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  return new S3Client({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: silence, socketTimeout: silence },
    // Not every store knows AWS's newer checksums; what lies there is verified by its digest.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    ...(region === null ? {} : { region }),
  })
}

function keyIn({ prefix }: S3Config, key: string): string {
  if (!isKey(key)) throw new Error(`no key of a store: ${JSON.stringify(key)}`)
  return prefix === '' ? key : `${prefix}/${key}`
}

/** Null where the store answers with this status. */
async function unless<R>(status: number, sent: Promise<R>): Promise<R | null> {
  try {
    return await sent
  } catch (error) {
    if (statusOf(error) === status && !isNoBucket(error)) return null
    throw error
  }
}

function isNoBucket(error: unknown): boolean {
  return error instanceof Error && error.name === 'NoSuchBucket'
}

async function bounded(body: AsyncIterable<Uint8Array>, most: number, more: () => StoreError): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > most) throw more()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function tooLarge(name: string, key: string, most: number): StoreError {
  return new StoreError(name, 'damaged', `holds more than ${most} bytes under ${key}`)
}

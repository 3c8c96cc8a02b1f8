import { escapeLine } from '../text/escape.js'
import { StoreError, type StoreFault } from './store.js'

/** The HTTP status of an answer; null: there was none. */
export function statusOf(error: unknown): number | null {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : null
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return null
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : null
}

/** What the SDK throws, in words: what was tried, and what the store said to it. */
export function s3Error(store: string, doing: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error
  const status = statusOf(error)
  const said = escapeLine(reasonOf(error, status), 300)
  const { fault, text, next } = meaning(error, status)
  return new StoreError(store, fault, text, {
    details: [`to ${doing}  ${said}`],
    cause: error,
    ...(next === undefined ? {} : { next: [next] }),
  })
}

interface Meaning {
  readonly fault: StoreFault
  readonly text: string
  readonly next?: string
}

function meaning(error: unknown, status: number | null): Meaning {
  const name = error instanceof Error ? error.name : ''
  if (name === 'CredentialsProviderError' || /could not load credentials/i.test(String(error)))
    return {
      fault: 'denied',
      text: 'needs credentials, and none were found.',
      next: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE',
    }
  if (/region is missing/i.test(String(error)))
    return { fault: 'denied', text: 'needs a region.', next: 'set store.s3.region, or AWS_REGION' }
  if (name === 'NoSuchBucket')
    return { fault: 'denied', text: 'has no such bucket.', next: 'create it, or correct store.s3.bucket' }
  if (status === 301 || name === 'PermanentRedirect' || name === 'AuthorizationHeaderMalformed')
    return { fault: 'denied', text: 'is in another region.', next: 'set store.s3.region to the one it is in' }
  if (status === 401 || status === 403)
    return {
      fault: 'denied',
      text: 'refused the credentials, or what they may do.',
      next: 'let them list, read, create and remove objects there',
    }
  if (status === 501)
    return {
      fault: 'unfit',
      text: 'cannot create an object on the condition that there is none.',
      next: 'use another store, or leave "store" out of the config',
    }
  if (status === null || status < 300) return { fault: 'away', text: 'does not answer.' }
  return { fault: 'failing', text: `answered ${status}.` }
}

function reasonOf(error: unknown, status: number | null): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer in time'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  const message = error.message === '' || error.message === 'UnknownError' ? '' : `: ${error.message}`
  return `${status === null ? '' : `${status} `}${code}${message}`
}

import * as z from 'zod'
import { choose, isObject } from '../choose.js'
import type { StoreConfig } from '../config.js'
import { show } from '../problems/sentence.js'
import { closed } from '../unknown-key.js'
import { localPath } from './path.js'
import { checked, text } from './scalars.js'

const folder: z.ZodType<StoreConfig> = closed({ dir: localPath }).transform(({ dir }) => ({ kind: 'folder', dir }))

const s3: z.ZodType<StoreConfig> = closed({
  s3: closed({
    bucket: checked(bucketProblem),
    prefix: checked(prefixProblem).optional(),
    region: checked(regionProblem).optional(),
    endpoint: checked(endpointProblem).optional(),
  }),
}).transform(({ s3: { bucket, prefix = '', region = null, endpoint = null } }) => {
  return { kind: 's3', bucket, prefix: prefix.replace(/\/$/, ''), region, endpoint }
})

const neither: z.ZodType<StoreConfig> = closed({ s3: z.unknown().optional(), dir: z.unknown().optional() }).transform(
  (_, context) => {
    context.addIssue({ code: 'custom', message: 'should have s3 or dir, one of them' })
    return z.NEVER
  },
)

/** Where what the fleet serves lies for every clone. */
export const store = choose<StoreConfig>(pick, s3, folder)

function pick(value: unknown): z.ZodType<StoreConfig> {
  if (!isObject(value))
    return text.transform((said, context) => {
      context.addIssue({ code: 'custom', message: `should be { s3: { bucket: … } } or { dir: … }, got ${show(said)}` })
      return z.NEVER
    })
  if ('s3' in value === 'dir' in value) return neither
  return 's3' in value ? s3 : folder
}

function bucketProblem(value: string): string | null {
  if (value.startsWith('s3://') || value.includes('/'))
    return `should be the bucket's name alone; what follows the slash is the prefix, got ${show(value)}`
  return /^[a-zA-Z0-9][a-zA-Z0-9._-]{1,62}$/.test(value) ? null : `is no name of a bucket: ${show(value)}`
}

function prefixProblem(value: string): string | null {
  if (value.startsWith('/')) return `should not begin with a slash, got ${show(value)}`
  const names = value.replace(/\/$/, '').split('/')
  const isPlain = names.every(name => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name))
  return isPlain ? null : `has letters, digits, ".", "_" and "-" only between its slashes, got ${show(value)}`
}

function regionProblem(value: string): string | null {
  return /^[a-z0-9-]+$/i.test(value) ? null : `is no region: ${show(value)}`
}

function endpointProblem(value: string): string | null {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url === null || !/^https?:$/.test(url.protocol)) return `should begin with "https://", got ${show(value)}`
  return url.username === '' && url.password === ''
    ? null
    : 'should have no credentials in it: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
}

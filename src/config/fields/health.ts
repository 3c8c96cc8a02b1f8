import { z } from 'zod'
import type { HealthCheck } from '../config.js'
import { should } from '../sentence.js'
import { show } from '../show.js'
import { choose, isObject, oneOrMany } from './choose.js'
import { closed } from './closed.js'
import { duration } from './duration.js'
import { roles } from './roles.js'
import { checked, text } from './text.js'

const header = checked(value =>
  /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(value) ? null : `is no name of a header: ${show(value)}`,
)

const inHeader = closed({ header })
const inBody = z.literal('body', { error: issue => should('"body" or { header: "…" }', issue.input) })

const limits = { timeout: duration.optional(), tryTimeout: duration.optional(), roles: roles.optional() }

const http: z.ZodType<HealthCheck> = closed(
  {
    url: checked(urlProblem),
    status: z.int().min(100).max(599).optional(),
    contains: z.string().min(1, 'is empty; leave it out to accept any body').optional(),
    release: choose<'body' | { readonly header: string }>(value => (isObject(value) ? inHeader : inBody)).optional(),
    ...limits,
  },
  { run: 'a check has either url or run; make two checks of it' },
).transform(({ url, status = 200, contains = null, release = null, ...rest }) => {
  return { kind: 'http' as const, url, status, contains, release, ...bounds(rest) }
})

const command: z.ZodType<HealthCheck> = closed({ run: text, ...limits }).transform(({ run, ...rest }) => {
  return { kind: 'command' as const, run, ...bounds(rest) }
})

const notAnObject: z.ZodType<never> = z.never({ error: issue => should('{ url: "…" } or { run: "…" }', issue.input) })

/** What must hold on every host after the restart. */
export const health = oneOrMany(
  choose<HealthCheck>(value => {
    if (!isObject(value)) return notAnObject
    return 'run' in value && !('url' in value) ? command : http
  }),
)

interface Limits {
  readonly timeout?: number | undefined
  readonly tryTimeout?: number | undefined
  readonly roles?: readonly string[] | undefined
}

/** A try takes no longer than all of them. */
function bounds({ timeout = 30_000, tryTimeout = 5000, roles = undefined }: Limits) {
  return { timeout, tryTimeout: Math.min(timeout, tryTimeout), roles: roles ?? null }
}

/** `$NAME` stands for something that only the host's env tells: it may be the port. */
function urlProblem(value: string): string | null {
  const url = value.replaceAll(/\$\w+|\$\{\w+\}/g, '1')
  if (!/^https?:\/\//i.test(url)) return `should begin with http:// or https://, got ${show(value)}`
  return URL.canParse(url) && !/\s/.test(url) ? null : `is no address: ${show(value)}`
}

import * as z from 'zod'
import { ended, names, refused } from './parts.js'
import * as reports from './reports.js'
import { config } from './resolved-config.js'
import { status } from './status.js'
import { transactions } from './transactions.js'

const imageFiles = { dir: z.string(), name: z.string(), files: names, ready: z.string() }
const bootFiles = { script: z.string(), cron: z.string(), unit: z.string() }

/** What each command says with --json that came to an end of its own. */
const ends = {
  status,
  config,
  releases: reports.releases,
  audit: reports.audit,
  check: reports.check,
  prune: reports.prune,
  logs: reports.logs,
  lock: reports.lock,
  unlock: reports.unlock,
  maintenance: reports.maintenance,
  run: reports.run,
  report: reports.report,
  trust: reports.trust,
  init: reports.init,
  'boot-resolver': ended('boot-resolver', ['done'], bootFiles),
  image: ended('image', ['done'], imageFiles),
}

/** What each command prints with --json, however it ends. */
export const outputs: Readonly<Record<string, z.ZodType>> = {
  ...transactions,
  ...Object.fromEntries(
    Object.entries(ends).map(([name, schema]) => [name, z.union([schema, refused(z.literal(name), {})])]),
  ),
}

/** What a command line comes to that names no command with JSON of its own. */
export const refusal = refused(z.string(), {})

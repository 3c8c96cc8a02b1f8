import * as z from 'zod'
import { choose, isObject } from '../choose.js'
import type { Relay } from '../config.js'
import { closed } from '../unknown-key.js'
import { port } from './scalars.js'

const short: z.ZodType<Relay | null> = z.boolean().transform(on => (on ? relayOf({}) : null))

const long: z.ZodType<Relay | null> = closed({
  seeds: z.int().min(1).optional(),
  port: port.optional(),
}).transform(relayOf)

/** Whether hosts hand on the files that they got to other hosts. */
export const relay = choose<Relay | null>(value => (isObject(value) ? long : short), short, long)

function relayOf(said: { readonly seeds?: number | undefined; readonly port?: number | undefined }): Relay {
  return { seeds: said.seeds ?? 1, port: said.port ?? 22022 }
}

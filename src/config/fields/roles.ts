import * as z from 'zod'
import { show } from '../problems/show.js'
import { checked } from './text.js'

export const role = checked(value =>
  /^[\w.:-]+$/.test(value) ? null : `a role has letters, digits, ".", "_", ":" and "-" only, got ${show(value)}`,
)

/** Roles that something is limited to: at least one, as it would happen nowhere otherwise. */
export const roles: z.ZodType<readonly string[]> = z
  .array(role)
  .min(1, 'names no role, so it would happen nowhere; leave it out for all hosts')

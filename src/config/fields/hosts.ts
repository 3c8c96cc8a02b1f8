import * as z from 'zod'
import type { HostEntry } from '../../inventory/host.js'
import type { HostSource } from '../../inventory/sources.js'
import { choose, isObject } from '../choose.js'
import { closed } from '../closed.js'
import { should } from '../problems/sentence.js'
import { host } from './host.js'
import { checked, lineProblem } from './text.js'

/** A list of hosts: written in the config, or answered by its function or file. */
export const hostList: z.ZodType<readonly HostEntry[]> = z.array(host).min(1, 'has no hosts')

const list: z.ZodType<HostSource> = hostList.transform(entries => ({ kind: 'list' as const, entries }))

const call: z.ZodType<HostSource> = z.unknown().transform(value => {
  return { kind: 'function' as const, call: value as () => unknown }
})

const file: z.ZodType<HostSource> = checked(value =>
  value.endsWith('.json') ? lineProblem(value) : 'should be a list of hosts, or the path of a .json file',
).transform(value => ({ kind: 'file' as const, file: value }))

const embedded: z.ZodType<HostSource> = closed({ embedded: z.int().min(1).max(100) }).transform(value => {
  return { kind: 'embedded' as const, count: value.embedded }
})

const none: z.ZodType<never> = z.never({
  error: issue => should('a list of hosts, a function, the path of a .json file or { embedded: 3 }', issue.input),
})

export const hosts: z.ZodType<HostSource> = choose<HostSource>(
  value => {
    if (Array.isArray(value)) return list
    if (typeof value === 'function') return call
    if (typeof value === 'string') return file
    return isObject(value) ? embedded : none
  },
  list,
  call,
  file,
  embedded,
)

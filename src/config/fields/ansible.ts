import * as z from 'zod'
import type { AnsibleList } from '../../inventory/ansible.js'
import { isObject } from '../choose.js'

const names = z.array(z.string()).nullish()

/** A group; scripts may print the names of its hosts alone. */
const group = z.union([z.array(z.string()), z.object({ hosts: names, children: names })])

const list = z.record(z.string(), group)

/** What `ansible-inventory --list` prints, by the keys that are needed; what else stands in it is not looked at. */
const meta = z.object({ hostvars: z.record(z.string(), z.record(z.string(), z.unknown())) })

/** Whether it is a list in Ansible's form, whatever may be wrong in it. */
export function isAnsible(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && Object.hasOwn(value, '_meta')
}

/** Null where it is no list as Ansible prints it. */
export function readAnsible({ _meta, ...groups }: Readonly<Record<string, unknown>>): AnsibleList | null {
  const [variables, listed] = [meta.safeParse(_meta), list.safeParse(groups)]
  if (!variables.success || !listed.success) return null
  const entries = Object.entries(listed.data).map(([name, one]) => {
    const { hosts, children } = Array.isArray(one) ? { hosts: one, children: [] } : one
    return [name, { hosts: hosts ?? [], children: children ?? [] }] as const
  })
  return { hostvars: new Map(Object.entries(variables.data.hostvars)), groups: new Map(entries) }
}

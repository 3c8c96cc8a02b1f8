import type * as z from 'zod'
import type { HostEntry } from '../inventory/host.js'
import type { Path, Problem } from './problems/problem.js'
import { sentence } from './problems/sentence.js'

type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** A value against its schema, with the problems in words. */
export function checkValue<T>(schema: z.ZodType<T>, value: unknown, path: Path): Checked<T> {
  const result = schema.safeParse(value, { error: sentence })
  if (result.success) return { ok: true, value: result.data }
  return { ok: false, problems: result.error.issues.flatMap(issue => problemsOf(issue, [...path, ...issue.path])) }
}

/** zod names all unknown keys of an object in one issue; the message has a line for each. */
function problemsOf(issue: z.core.$ZodIssue, path: Path): readonly Problem[] {
  if (issue.code !== 'unrecognized_keys') return [{ path, text: issue.message }]
  const lines = issue.message.split('\n')
  return issue.keys.map((key, i) => ({ path: [...path, key], text: lines[i] ?? 'unknown key' }))
}

/** Hosts of one stage that cannot be told apart, or that are one and the same. */
export function checkHosts(entries: readonly HostEntry[], deployTo: string | null, path: Path): readonly Problem[] {
  return entries.flatMap((entry, i) => {
    const earlier = entries.slice(0, i)
    const twin = earlier.findIndex(other => placeOf(other, deployTo) === placeOf(entry, deployTo))
    const namesake = earlier.findIndex(other => other.name === entry.name)
    if (twin !== -1) return [{ path: [...path, i], text: sameMachine(entry, twin, path) }]
    if (namesake !== -1) return [{ path: [...path, i], text: sameName(entry, namesake, path) }]
    return []
  })
}

function placeOf({ user, host, port, deployTo }: HostEntry, stageFolder: string | null): string {
  return JSON.stringify([user, host.toLowerCase(), port, deployTo ?? stageFolder])
}

function sameMachine(entry: HostEntry, twin: number, path: Path): string {
  return `"${entry.name}" is the same host and folder as ${String(path.at(-1))}[${twin}]`
}

function sameName(entry: HostEntry, namesake: number, path: Path): string {
  return `is named "${entry.name}" like ${String(path.at(-1))}[${namesake}]; give one of them another name`
}

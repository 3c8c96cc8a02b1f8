import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type * as z from 'zod'
import { event } from './events.js'
import { outputs, refusal } from './outputs.js'

/** Throws where an object that the program printed is not what its schema says. The last line may have been cut off. */
export function demandSchemas(stdout: string): void {
  const lines = stdout.split('\n').slice(0, -1)
  for (const line of lines) if (line.startsWith('{')) demandSchema(JSON.parse(line))
}

/** The same of what runs in this folder have kept of their events. */
export function demandKept(root: string): void {
  const dir = join(root, '.clonedeploy/logs')
  const files = existsSync(dir) ? readdirSync(dir).filter(name => name.endsWith('.jsonl')) : []
  for (const file of files) demandSchemas(readFileSync(join(dir, file), 'utf8'))
}

function demandSchema(printed: object): void {
  const { error } = schemaOf(printed).safeParse(printed)
  if (error === undefined) return
  throw new Error(`its schema says otherwise:\n${JSON.stringify(printed)}\n${JSON.stringify(error.issues, null, 1)}`)
}

function schemaOf(printed: object): z.ZodType {
  if ('type' in printed) return event
  return ('command' in printed ? outputs[String(printed.command)] : undefined) ?? refusal
}

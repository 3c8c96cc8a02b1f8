import { runInThisContext } from 'node:vm'
import * as z from 'zod'
import { host } from '../../../src/config/fields/hosts.js'
import { duration } from '../../../src/config/fields/scalars.js'
import { fields, stageName } from '../../../src/config/schema.js'
import { aboutStages, documented } from './configuration.js'
import type { Property } from './input-types.js'
import { jsonSides } from './json-side.js'

const documents = documented()
const sides = jsonSides((shape, name) => saidOf(documents.get(shape)?.find(key => key.name === name)))

/** schema/config.json: what a JSON configuration may hold, with what the reference says of it. */
export function configSchema(): string {
  const schema = z.toJSONSchema(whole, { metadata: sides.known })
  const title = { title: 'The configuration of clonedeploy: deploy.config.json' }
  return `${JSON.stringify({ ...schema, ...title, allOf: ['app', 'deployTo', 'hosts'].map(inEachStage) }, null, 2)}\n`
}

for (const [id, schema] of Object.entries({ duration, host })) sides.known.add(sides.of(schema), { id })

/** Every key stands once in `$defs`, as the whole and each stage may have it. */
const keys = Object.fromEntries(
  Object.entries(fields).map(([id, schema]) => {
    const said = saidOf(documents.get(fields)?.find(({ name }) => name === id))
    return [id, sides.with(sides.of(schema), { id, ...said }).optional()]
  }),
)

const stages = z.record(sides.of(stageName) as z.ZodType<string, string>, z.strictObject(keys))

const whole = z.strictObject({
  $schema: sides.with(z.string(), { description: 'Where this schema is, for editors.' }).optional(),
  ...keys,
  stages: sides.with(stages, { ...aboutStage('stages'), minProperties: 1 }).optional(),
  defaultStage: sides.with(z.string(), aboutStage('defaultStage')).optional(),
})

function aboutStage(name: string) {
  return saidOf(aboutStages.find(key => key.name === name))
}

/** A key that is needed stands above the stages, or in each of them. */
function inEachStage(key: string) {
  const has = { type: 'object', properties: { [key]: { $ref: `#/$defs/${key}` } }, required: [key] }
  const inStages = { stages: { type: 'object', additionalProperties: has } }
  return { anyOf: [has, { type: 'object', properties: inStages, required: ['stages'] }] }
}

function saidOf(property: Property | undefined): Readonly<Record<string, unknown>> {
  if (property === undefined) return {}
  return { description: plain(property.meaning), ...defaultOf(property) }
}

/** A default that is a value; some are a sentence. */
function defaultOf({ default: unsaid }: Property): object {
  return /^('.*'|\{.*\}|\d+|true|false)$/.test(unsaid ?? '') ? { default: runInThisContext(`(${unsaid})`) } : {}
}

/** An editor shows no page of these docs: without the links to them. */
function plain(markdown: string): string {
  return markdown.replaceAll(/ ?\[(How|More)\]\([^)]*\)\.?/g, '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
}

import type * as z from 'zod'
import { fields } from '../../../src/config/schema.js'
import { interfaceOf, objectsOf, type Property, typeText } from './input-types.js'
import { rangeOf, type Shape, shapesOf } from './schema-keys.js'

/** A key of the configuration: what the schema takes, and what input.ts says of it. */
export interface Key extends Property {
  /** `canary.pause` */
  readonly path: string
  readonly schema: z.core.$ZodType
  /** Whether an object has it, and needs it, only where it has no other of its kind. */
  readonly chooses: boolean
  readonly inner: readonly Key[]
}

/** Every key that the schema takes, in the order of input.ts. Throws where the two do not have the same keys. */
export function keys(): readonly Key[] {
  return paired(fields, interfaceOf('StageInput'), '', new Set())
}

/** The keys that a stage cannot have: they say which stages there are. */
export const aboutStages: readonly Property[] = interfaceOf('ConfigInput').filter(
  ({ name }) => !Object.hasOwn(fields, name),
)

/** The reference of the configuration, a section for each key. */
export function configurationReference(): string {
  return [...keys().map(section), ...aboutStages.map(key => section({ ...key, path: key.name, inner: [] }))].join('\n')
}

/** Each object that the schema takes, with what input.ts says of its keys. */
export function documented(): ReadonlyMap<Shape, readonly Property[]> {
  const all = new Map<Shape, readonly Property[]>()
  const document = (shape: Shape, properties: readonly Property[], above: string): void => {
    all.set(shape, properties)
    for (const { name, type } of properties)
      for (const inner of shapesOf(shape[name] as z.core.$ZodType))
        if (!all.has(inner)) document(inner, typeOf(inner, objectsOf(type), `${above}${name}.`), `${above}${name}.`)
  }
  document(fields, interfaceOf('StageInput'), '')
  return all
}

function paired(shape: Shape, properties: readonly Property[], above: string, told: Set<Shape>): readonly Key[] {
  return properties.map(property => {
    const schema = shape[property.name]
    if (schema === undefined) throw new Error(`the schema has no ${above}${property.name}`)
    const path = `${above}${property.name}`
    return { ...property, path, schema, chooses: false, inner: innerKeys(schema, property, `${path}.`, told) }
  })
}

/** Each object that the schema takes is the one of the type that has the same keys. What was told before is not repeated. */
function innerKeys(schema: z.core.$ZodType, { type }: Property, above: string, told: Set<Shape>): readonly Key[] {
  const objects = objectsOf(type)
  const shapes = shapesOf(schema)
  if (objects.length !== shapes.length) throw new Error(`input.ts and the schema have other objects in ${above}`)
  const fresh = shapes.filter(shape => !told.has(shape))
  for (const shape of fresh) told.add(shape)
  const inner = fresh.flatMap(shape => paired(shape, typeOf(shape, objects, above), above, told))
  const rows = inner.filter((key, i) => inner.findIndex(other => sameRow(other, key)) === i)
  const chooses = (key: Key) => key.required && shapes.some(shape => !Object.hasOwn(shape, key.name))
  return rows.map(key => ({ ...key, chooses: chooses(key) }))
}

function typeOf(shape: Shape, objects: readonly (readonly Property[])[], above: string): readonly Property[] {
  const names = Object.keys(shape).sort().join(' ')
  const object = objects.find(
    one =>
      one
        .map(({ name }) => name)
        .sort()
        .join(' ') === names,
  )
  if (object === undefined) throw new Error(`the schema takes { ${names} } in ${above} and input.ts has no such type`)
  return object
}

function sameRow(one: Key, other: Key): boolean {
  return one.path === other.path && one.meaning === other.meaning
}

type Sectioned = Omit<Key, 'schema' | 'chooses'> & { readonly schema?: z.core.$ZodType }

function section(key: Sectioned): string {
  return `### \`${key.path}\`

${key.meaning}

${facts(key)}

\`\`\`ts
${key.path}: ${key.example},
\`\`\`
${key.inner.length === 0 ? '' : innerTable(key.inner)}`
}

function facts({ type, schema, default: unsaid }: Sectioned): string {
  const range = schema === undefined ? null : rangeOf(schema)
  return [
    `**Type:** ${typeText(type)}${range === null || !/^number$/.test(typeText(type)) ? '' : `, ${range}`}`,
    ...(unsaid === null ? [] : [`**Default:** ${defaultText(unsaid)}`]),
  ].join(' · ')
}

function innerTable(inner: readonly Key[]): string {
  const rows = flat(inner).map(
    key => `| \`${key.path}\` | ${typeText(key.type)} | ${unsaidText(key)} | ${key.meaning} |`,
  )
  return `
| key | type | default | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}

function unsaidText({ required, chooses, default: unsaid }: Key): string {
  if (required) return chooses ? 'one of these' : 'required'
  return unsaid === null ? '' : defaultText(unsaid)
}

/** A key, then the keys in it. */
export function flat(inner: readonly Key[]): readonly Key[] {
  return inner.flatMap(key => [key, ...flat(key.inner)])
}

/** A value is code, a sentence is not. */
function defaultText(text: string): string {
  return text.replaceAll(/'[^']*'|^\{.*\}$|^(\d+|true|false)\b/g, value => `\`${value}\``).replaceAll('``', '`')
}

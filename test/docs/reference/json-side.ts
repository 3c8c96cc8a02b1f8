import * as z from 'zod'
import { formsOf } from '../../../src/config/choose.js'
import type { Shape } from './schema-keys.js'

type Said = Readonly<Record<string, unknown>>

interface JsonSides {
  /**
   * What a schema takes, without what it makes of it, and without what JSON cannot hold: a function. Of one schema it is the
   * same one each time.
   */
  readonly of: (schema: z.core.$ZodType) => z.ZodType
  /** A schema that takes the same, and of which this is said. */
  readonly with: (schema: z.ZodType, said: Said) => z.ZodType
  /** What is said of them: names, patterns, descriptions. */
  readonly known: z.core.$ZodRegistry<Said>
}

/** `saidOf` gives what is said of a key of an object. */
export function jsonSides(saidOf: (shape: Shape, name: string) => Said): JsonSides {
  const known = z.registry<Said>()
  const made = new Map<z.core.$ZodType, z.ZodType>()

  function of(schema: z.core.$ZodType): z.ZodType {
    const side = made.get(schema) ?? sideOf(schema)
    made.set(schema, side)
    const said = z.globalRegistry.get(schema)
    if (said !== undefined && !known.has(side)) known.add(side, said)
    return side
  }

  function sideOf(schema: z.core.$ZodType): z.ZodType {
    const forms = formsOf(schema)?.filter(form => !isFunction(form))
    if (forms !== undefined) return forms.length === 1 ? of(forms[0] as z.ZodType) : z.union(forms.map(of))
    if (schema instanceof z.ZodPipe) return of(schema.in)
    return schema instanceof z.ZodOptional ? of(schema.unwrap()).optional() : copy(schema as z.ZodType)
  }

  /** With the bounds that it has, around the sides of its parts. */
  function copy(schema: z.ZodType): z.ZodType {
    if (schema instanceof z.ZodObject) return schema.clone({ ...schema.def, shape: inside(schema.shape) })
    if (schema instanceof z.ZodArray) return schema.clone({ ...schema.def, element: of(schema.element) })
    if (schema instanceof z.ZodTuple) return schema.clone({ ...schema.def, items: schema.def.items.map(of) })
    if (!(schema instanceof z.ZodRecord)) return schema.clone({ ...schema.def })
    const sides = { keyType: of(schema.keyType), valueType: of(schema.valueType) }
    return schema.clone({ ...schema.def, ...sides } as typeof schema.def)
  }

  function inside(shape: Shape): Shape {
    return Object.fromEntries(
      Object.entries(shape).map(([name, schema]) => [name, withSaid(of(schema), saidOf(shape, name))]),
    )
  }

  function withSaid(schema: z.ZodType, said: Said): z.ZodType {
    const own = schema.clone()
    known.add(own, said)
    return own
  }

  return { of, with: withSaid, known }
}

function isFunction(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodPipe && schema.in instanceof z.ZodCustom
}

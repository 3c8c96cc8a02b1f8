import * as z from 'zod'
import { formsOf } from '../../../src/config/choose.js'

/** An object that the schema takes: its keys, and what each takes. */
export type Shape = Readonly<Record<string, z.core.$ZodType>>

/** The objects that a schema takes, whatever stands around them: lists, records, several forms. */
export function shapesOf(schema: z.core.$ZodType): readonly Shape[] {
  const forms = formsOf(schema)
  if (forms !== undefined) return forms.flatMap(shapesOf)
  if (schema instanceof z.ZodObject) return [schema.shape]
  return innerOf(schema).flatMap(shapesOf)
}

/** `1 to 1000`, where a schema takes only some numbers. */
export function rangeOf(schema: z.core.$ZodType): string | null {
  if (schema instanceof z.ZodNumber) {
    const { minValue, maxValue } = schema
    if (minValue === null || maxValue === null || minValue <= Number.MIN_SAFE_INTEGER) return null
    return maxValue >= Number.MAX_SAFE_INTEGER ? `from ${minValue}` : `${minValue} to ${maxValue}`
  }
  return (formsOf(schema) ?? innerOf(schema)).map(rangeOf).find(range => range !== null) ?? null
}

function innerOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional) return [schema.unwrap()]
  if (schema instanceof z.ZodPipe) return [schema.in]
  if (schema instanceof z.ZodArray) return [schema.element]
  return schema instanceof z.ZodRecord ? [schema.valueType] : []
}

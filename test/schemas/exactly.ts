import type * as z from 'zod'

type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? [] : ['the type allows more']) : ['the schema allows more']

/** A schema that the compiler holds to a type of the program: neither allows what the other does not. */
export function exactly<T>() {
  return <S extends z.ZodType>(schema: S, ..._proof: Same<z.output<S>, Writable<T>>): S => schema
}

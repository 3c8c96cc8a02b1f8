import * as z from 'zod'
import { choose, inForms, isObject } from '../choose.js'
import type { SecretSource } from '../config.js'
import { closed } from '../unknown-key.js'
import { localPath } from './path.js'
import { checked, text } from './scalars.js'

const nameForm = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Name of a variable that hooks will see. */
const variableName = checked(value => {
  if (!nameForm.test(value)) return 'is no name for a variable: letters, digits and "_" only, and no digit first'
  return value.startsWith('CLONEDEPLOY_')
    ? 'CLONEDEPLOY_ variables are set by clonedeploy itself; use another name'
    : null
}, /^(?!CLONEDEPLOY_)[A-Za-z_][A-Za-z0-9_]*$/)

export const ownVariable = checked(
  value => (nameForm.test(value) ? null : 'should be the name of an environment variable (not its value)'),
  nameForm,
)

/** The value is never shown: it might be a secret in the wrong place. */
const value = inForms(z.string(), z.number()).transform((value, context): string => {
  if (typeof value === 'string' && !value.includes('\0')) return value
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  context.issues.push({ code: 'custom', input: undefined, message: valueProblem(value) })
  return z.NEVER
})

export const env: z.ZodType<Readonly<Record<string, string>>> = z.record(variableName, value)

const fromEnv = closed({ env: ownVariable })
const fromCommand = closed({ cmd: text })
const fromFile = closed({ file: localPath })
const noSource: z.ZodType<never> = z.never({
  error: 'should be { env: "NAME" }, { cmd: "…" } or { file: "…" }: the value itself is never written here',
})

/** Where a secret is read from. */
export const secret: z.ZodType<SecretSource> = choose<SecretSource>(
  value => {
    if (!isObject(value)) return noSource
    const sources = ['env', 'cmd', 'file'].filter(key => key in value)
    if (sources.length !== 1) return noSource
    return 'env' in value ? fromEnv : 'cmd' in value ? fromCommand : fromFile
  },
  fromEnv,
  fromCommand,
  fromFile,
)

export const secrets: z.ZodType<Readonly<Record<string, SecretSource>>> = z.record(variableName, secret)

function valueProblem(value: unknown): string {
  if (value === undefined) return 'has no value (undefined)'
  if (typeof value === 'string') return 'has a NUL byte in it'
  return 'should be text or a number'
}

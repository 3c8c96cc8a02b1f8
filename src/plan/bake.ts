import type { BakeCheck, Bake as BakeConfig } from '../config/config.js'
import { UsageError } from '../errors.js'
import { command, type Variables } from '../scripts/shell/hook.js'
import { addressOf } from './app/health.js'
import type { Bake, HealthStep, ScriptStep } from './plan.js'

/** A bake with its check as it is asked: `variables` are those of this machine, `root` the folder of the configuration. */
export function planBake(bake: BakeConfig | null, root: string, variables: Variables): Bake | null {
  if (bake === null) return null
  const { check } = bake
  if (check === null) return { ...bake, check }
  return {
    ...bake,
    check: check.kind === 'command' ? commandStep(check, root, variables) : requestStep(check, variables),
  }
}

function commandStep({ run, timeout }: Extract<BakeCheck, { kind: 'command' }>, root: string, variables: Variables) {
  const script = command(root, { run, timeout: timeout / 1000, folder: '.' }, variables)
  return { kind: 'script', name: script.name, text: run, script, timeout: timeout + 15_000 } satisfies ScriptStep
}

function requestStep(check: Extract<BakeCheck, { kind: 'http' }>, variables: Variables): HealthStep {
  const url = addressOf(check, variables)
  if (url === null)
    throw new UsageError(`The check of the bake, ${check.url}, is no address with its variables put in.`, {
      changed: 'nothing',
      next: ['check the variables: clonedeploy config'],
    })
  const text = `GET ${url} = ${check.status}`
  return { kind: 'health', name: 'health', text, root: '', check, target: { url }, proofs: [], others: [] }
}

/** Milliseconds since the bake began: of now, and of the last look that the check was due at; and how often in a row it failed. */
export interface Baking {
  readonly passed: number
  readonly asked: number
  readonly failed: number
}

export interface Look {
  /** Milliseconds until then. */
  readonly wait: number
  /** When it is due, since the bake began, if the check is due; null: only the hosts are looked at. */
  readonly due: number | null
}

/**
 * When to look next; null: the bake is over. The check is due every so often and at the end. After a failure that is not one
 * too many it goes on beyond the end, until the next answer. Hosts are looked at no less often than every `most` milliseconds.
 */
export function nextLook(
  bake: Pick<Bake, 'for' | 'every'>,
  most: number,
  { passed, asked, failed }: Baking,
): Look | null {
  if (asked >= bake.for && failed === 0) return null
  const due = asked >= bake.for ? asked + bake.every : Math.min(asked + bake.every, bake.for)
  if (due - passed > most) return { wait: most, due: null }
  return { wait: Math.max(0, due - passed), due }
}

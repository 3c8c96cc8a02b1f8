import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const model = join(import.meta.dirname, 'transaction.pml')

/** What a search of the model has found. */
export interface Found {
  /** The promise that does not hold; null: all hold in every state that was seen. */
  readonly broken: string | null
  readonly states: number
  /** Whether no state was left out. */
  readonly whole: boolean
}

/** Looks at every state of the model with these definitions: `HOSTS=2`, `WARM` … */
export function search(defines: readonly string[]): Found {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-model-'))
  try {
    execFileSync('spin', ['-a', ...defines.map(one => `-D${one}`), model], { cwd: dir, stdio: 'pipe' })
    // Optimizing takes longer than it saves.
    execFileSync('gcc', ['-O0', '-DSAFETY', '-DCOLLAPSE', '-o', 'pan', 'pan.c'], { cwd: dir, stdio: 'pipe' })
    return foundIn(spawnSync('./pan', ['-m100000', '-w22'], { cwd: dir, encoding: 'utf8' }).stdout)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function foundIn(said: string): Found {
  const states = Number(/(\d+) states, stored/.exec(said)?.[1])
  const whole = !/Search not completed|max search depth too small/.test(said)
  const errors = Number(/errors: (\d+)/.exec(said)?.[1])
  if (Number.isNaN(states + errors)) throw new Error(`Spin's search said:\n${said}`)
  if (errors === 0) return { broken: null, states, whole }
  const number = /assertion violated .*\|\|\s*!\((\d+)\)+ \(at depth/.exec(said)?.[1]
  return { broken: promises.at(-Number(number)) ?? said, states, whole }
}

/** Spin says the number of a name, and numbers them from the last. */
const promises = (/mtype = \{([^}]*)\}/.exec(readFileSync(model, 'utf8'))?.[1] ?? '')
  .split(',')
  .map(name => name.trim())

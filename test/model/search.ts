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
  return inFolder(dir => foundIn(pan(dir, defines, ['-m100000', '-w22'], ['-DCOLLAPSE'])))
}

/**
 * Walks through the model with these definitions for so many seconds, each time by another seed (a number for Spin) in another
 * order, and remembers states by two bits of a hash: it sees more of a larger fleet than memory holds, and never all.
 */
export function swarm(defines: readonly string[], seeds: readonly number[], seconds: number): readonly Found[] {
  return inFolder(dir => {
    compile(dir, defines, ['-O1', '-DBITSTATE', '-DT_RAND', '-DP_RAND'])
    return seeds.map(seed => foundIn(run(dir, ['-m100000', '-w27', `-RS${seed}`, `-h${1 + (seed % 32)}`], seconds)))
  })
}

/** What Spin's search of the model says, made in a folder with these options of C. It leaves a trail there where it finds an error. */
export function pan(cwd: string, defines: readonly string[], options: readonly string[], c: readonly string[]): string {
  // Optimizing takes longer than it saves.
  compile(cwd, defines, ['-O0', ...c])
  return run(cwd, options)
}

function compile(cwd: string, defines: readonly string[], c: readonly string[]): void {
  execFileSync('spin', ['-a', ...defines.map(one => `-D${one}`), model], { cwd, stdio: 'pipe' })
  execFileSync('gcc', ['-DSAFETY', ...c, '-o', 'pan', 'pan.c'], { cwd, stdio: 'pipe' })
}

/** A search that is interrupted says what it has seen. */
function run(cwd: string, options: readonly string[], seconds = 0): string {
  return spawnSync('timeout', ['-s', 'INT', String(seconds), './pan', ...options], { cwd, encoding: 'utf8' }).stdout
}

/** Does this in a folder of its own. */
export function inFolder<T>(act: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-model-'))
  try {
    return act(dir)
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

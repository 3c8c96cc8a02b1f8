import { createHash } from 'node:crypto'
import type { Mutant } from './mutant.js'

/** The mutants with these names, or all; of those that are quick to try, `SEED/N` takes N that differ with the seed. */
export function choose(mutants: readonly Mutant[], names: readonly string[], some?: string): readonly Mutant[] {
  const unknown = names.filter(name => !mutants.some(mutant => mutant.name === name))
  if (unknown.length > 0) throw new Error(`there is no mutant ${unknown.join(', ')}: see --list`)
  const named = names.length === 0 ? mutants : mutants.filter(({ name }) => names.includes(name))
  return some === undefined ? named : drawn(named.filter(isQuick), some)
}

function drawn(mutants: readonly Mutant[], some: string): readonly Mutant[] {
  const [, seed = '', count = ''] = /^(.*)\/(\d+)$/.exec(some) ?? []
  if (count === '') throw new Error('--some needs SEED/N')
  const rank = ({ name }: Mutant) => createHash('sha256').update(`${seed} ${name}`).digest('hex')
  return [...mutants].sort((a, b) => (rank(a) < rank(b) ? -1 : 1)).slice(0, Number(count))
}

/** Noticed without a fleet. */
function isQuick({ witnesses }: Mutant): boolean {
  return witnesses.every(({ file }) => !/^(e2e|faults|examples)\//.test(file))
}

/**
 * Breaks the program on purpose, one mutant after the other, and sees that the tests notice: `npm run test:mutants -- [NAME…]`.
 * `--list` names them, `--some SEED/N` takes N that are quick to try, `--trust` does not run the tests unbroken first.
 */
import { parseArgs } from 'node:util'
import { choose } from './choose.js'
import { type Mutant, mutate, readMutants } from './mutant.js'
import { makeScratch, type Scratch } from './scratch.js'
import { asTable, type Verdict, verdictOf } from './verdict.js'

const limit = 400_000
const { values: flags, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean' }, some: { type: 'string' }, trust: { type: 'boolean' } },
})
const mutants = choose(readMutants(), names, flags.some)
if (flags.list) for (const { name, breaks } of mutants) print(`${name.padEnd(28)} ${breaks}`)
else process.exitCode = await tryAll(mutants)

async function tryAll(mutants: readonly Mutant[]): Promise<number> {
  const scratch = makeScratch()
  const stop = () => process.exit(130)
  process.on('exit', scratch.remove).on('SIGINT', stop).on('SIGTERM', stop)
  const useless = mutants.flatMap(mutant => problemOf(mutant, scratch))
  const idle = useless.length > 0 || flags.trust ? useless : await failingUnbroken(scratch, mutants)
  if (idle.length > 0) {
    for (const line of idle) say(line)
    return 1
  }
  const verdicts: Verdict[] = []
  for (const mutant of mutants) {
    const verdict = await tryOne(scratch, mutant)
    say(`${verdicts.push(verdict)}/${mutants.length} ${mutant.name}: ${verdict.end}, ${verdict.seconds.toFixed(1)} s`)
  }
  print(asTable(verdicts))
  return verdicts.every(({ end }) => end === 'noticed') ? 0 : 1
}

function problemOf(mutant: Mutant, { sources }: Scratch): readonly string[] {
  try {
    mutate(mutant, sources)
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

/** A test that fails anyway, or that does not exist, notices nothing. */
async function failingUnbroken(scratch: Scratch, mutants: readonly Mutant[]): Promise<readonly string[]> {
  scratch.builds()
  const witnesses = mutants.flatMap(mutant => mutant.witnesses)
  const { ended, tests } = await scratch.test(witnesses, limit * 12)
  if (!ended) return ['the tests, unbroken, did not come to their end']
  return [
    ...tests.filter(({ passed }) => !passed).map(({ file, name }) => `fails unbroken: ${file} ${name}`),
    ...witnesses
      .filter(({ file, words }) => !tests.some(test => test.file === file && test.name.includes(words)))
      .map(({ file, words }) => `no such test: ${file} ${words}`),
  ]
}

async function tryOne(scratch: Scratch, mutant: Mutant): Promise<Verdict> {
  const began = performance.now()
  const changed = mutate(mutant, scratch.sources)
  scratch.write(changed)
  const report = scratch.builds() ? await scratch.test(mutant.witnesses, limit) : null
  scratch.write(new Map([...changed.keys()].map(file => [file, scratch.sources.get(file) ?? ''])))
  return verdictOf(mutant, report, (performance.now() - began) / 1000)
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/**
 * What `npm test` and `npm run test:exhaustive` start. Without a file or a name it sets this machine up first, and has types
 * and lint looked at beside the tests. With one (`npm test -- FILE -t NAME`) it runs that at once.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { tier } from '../support/tier.js'
import { check, vitest } from './processes.js'
import { setUp } from './set-up.js'
import { diceOf, type Listed, readSlice, sliceOf } from './slice.js'

const args = process.argv.slice(2)
const isWhole = args.every(arg => arg.startsWith('--'))
const { CLONEDEPLOY_SLICE: slice } = process.env
const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-tests-'))

try {
  process.exitCode = slice ? await runSlice(slice) : await run()
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function run(): Promise<number> {
  if (isWhole) setUp(tier)
  const checking = isWhole ? check() : 0
  const tested = await vitest(['run', ...args])
  const checked = await checking
  if (checked !== 0) process.stderr.write('\ntypes or lint: see above\n')
  return tested || checked
}

async function runSlice(text: string): Promise<number> {
  const wanted = readSlice(text)
  process.env.CLONEDEPLOY_SEED ??= `${diceOf(wanted)}`
  const { files, pattern } = sliceOf(await list('everyday'), await list('exhaustive'), wanted)
  if (files.length === 0) throw new Error(`no test is in the slice ${text}`)
  if (isWhole) setUp(tier, files)
  process.stderr.write(`the same again: CLONEDEPLOY_SLICE=${text} npm run test:exhaustive\n`)
  const names = join(folder, 'names')
  writeFileSync(names, pattern)
  return vitest(['run', ...args.filter(arg => arg.startsWith('--')), ...files], { CLONEDEPLOY_NAMES: names })
}

/** The tests of a tier, by what vitest finds. */
async function list(which: typeof tier): Promise<readonly Listed[]> {
  const file = join(folder, `${which}.json`)
  const filters = args.filter(arg => !arg.startsWith('-'))
  const code = await vitest(['list', `--json=${file}`, ...filters], { CLONEDEPLOY_TESTS: which })
  if (code !== 0) throw new Error('the tests could not be listed')
  const tests: readonly Listed[] = JSON.parse(readFileSync(file, 'utf8'))
  return tests.map(test => ({ ...test, file: relative(process.cwd(), test.file) }))
}

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { steps } from '../../src/commands/demo/demo-steps.js'
import { type Row, rowsOf } from './screen.js'

const program = join(import.meta.dirname, '../../bin/clonedeploy.js')

/** The deploy of the demo that fails, as a terminal of 100 columns shows it. */
export async function recordFailingDeploy(): Promise<readonly Row[]> {
  const { PATH = '', HOME = '' } = process.env
  const line = `stty rows 40 cols 100; exec '${process.execPath}' '${program}' demo`
  const { stdout } = await promisify(execFile)('script', ['-qec', line, '/dev/null'], {
    env: { PATH, HOME, TERM: 'xterm', FORCE_COLOR: '1', SHELL: '/bin/sh', USER: 'ann' },
    maxBuffer: 1 << 26,
  })
  return failing(rowsOf(stdout))
}

/** From the sentence that begins the last step to the one that says what it proves. */
export function failing(rows: readonly Row[]): readonly Row[] {
  const texts = rows.map(textOf)
  const step = steps.at(-1)
  const first = texts.indexOf(step?.tells ?? '')
  const proof = texts.findIndex((_text, at) => linesFrom(texts, at).join(' ') === `✔ ${step?.proves}`)
  if (first < 0 || proof < first) throw new Error(`the demo did not go as it should:\n${texts.join('\n')}`)
  return rows.slice(first, proof + linesFrom(texts, proof).length)
}

/** Up to the next empty line: a sentence that is longer than a line was broken between words. */
function linesFrom(texts: readonly string[], at: number): readonly string[] {
  const length = texts.slice(at).indexOf('')
  return texts.slice(at, length < 0 ? texts.length : at + length).map(text => text.trim())
}

export function textOf(row: Row): string {
  return row
    .map(({ character }) => character)
    .join('')
    .trimEnd()
}

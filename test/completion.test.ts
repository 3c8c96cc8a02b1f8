import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completionScript, completionShells } from '../src/cli/completion.js'
import { createProgram } from '../src/cli/program.js'

const program = createProgram('0', () => {})
const names = program.commands.map(one => one.name())
const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-completion-'))
const file = (shell: string) => join(dir, `clonedeploy.${shell}`)
const run = (name: string, ...args: readonly string[]) =>
  execFileSync(name, args, { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: dir } })
    .split('\n')
    .filter(line => line !== '')

beforeAll(() => {
  for (const shell of completionShells) writeFileSync(file(shell), completionScript(program, shell))
})
afterAll(() => rmSync(dir, { recursive: true }))

/** What bash would offer for the last of these words. */
const inBash = (...words: readonly string[]) =>
  run(
    'bash',
    '--norc',
    '-c',
    `. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _clonedeploy; printf "%s\\n" "\${COMPREPLY[@]}"`,
    'bash',
    file('bash'),
    'clonedeploy',
    ...words,
  )

describe('the command line is completed', () => {
  it('by bash: commands, their flags, words that stand for a choice; files where anything may stand', () => {
    expect(inBash('')).toEqual(names)
    expect(inBash('ro')).toEqual(['rollback'])
    expect(inBash('deploy', '--o')).toEqual(['--output', '--offline'])
    expect(inBash('deploy', '--ref', 'main', '--off')).toEqual(['--offline'])
    expect(inBash('rollback', '--output', 'j')).toEqual(['jsonl'])
    expect(inBash('deploy', '--config', '')).toEqual([])
    expect(inBash('deploy', '-n', '--off')).toEqual(['--offline'])
    expect(inBash('completion', '')).toEqual([...completionShells])
  })
})

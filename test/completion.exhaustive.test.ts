import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completionScript, completionShells } from '../src/cli/completion.js'
import { createProgram } from '../src/cli/program.js'
import { installed } from './support/installed.js'

const program = createProgram('0', () => {})
const names = program.commands.map(one => one.name())
const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-completion-'))
const file = (shell: string) => join(dir, `clonedeploy.${shell}`)
const run = (name: string, ...args: readonly string[]) =>
  execFileSync(installed(name), args, { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: dir } })
    .split('\n')
    .filter(line => line !== '')

beforeAll(() => {
  for (const shell of completionShells) writeFileSync(file(shell), completionScript(program, shell))
})
afterAll(() => rmSync(dir, { recursive: true }))

/** What fish would, without the descriptions. */
const inFish = (line: string) =>
  run('fish', '--no-config', '-c', `source ${file('fish')}; complete -C '${line}'`).map(one => one.split('\t')[0])

describe('the command line is completed', () => {
  it('by fish: the same, with descriptions', () => {
    expect(inFish('clonedeploy ro')).toEqual(['rollback'])
    expect(inFish('clonedeploy deploy --off')).toEqual(['--offline'])
    expect(inFish('clonedeploy rollback --output j')).toEqual(['jsonl'])
    expect(inFish('clonedeploy completion z')).toEqual(['zsh'])
  })

  it('by zsh, whose completion system takes the function', () => {
    const load = 'autoload -Uz compinit; compinit -D -u; . "$1"; print $_comps[clonedeploy]'
    expect(run('zsh', '-f', '-c', load, 'zsh', file('zsh'))).toEqual(['_clonedeploy'])
    // The lists that it offers, without the completion system to show them.
    const shown = `compdef() { :; }; _describe() { print -l -- "\${(@P)@[-1]}"; return 1; }; _files() { :; }; . "$1"; shift; words=("$@"); CURRENT=$#; _clonedeploy; :`
    const inZsh = (...words: readonly string[]) =>
      run('zsh', '-f', '-c', shown, 'zsh', file('zsh'), 'clonedeploy', ...words).map(one => one.split(':')[0])
    expect(inZsh('')).toEqual(names)
    expect(inZsh('deploy', '')).toEqual(expect.arrayContaining(['--offline', '--dry-run', '-n']))
  })
})

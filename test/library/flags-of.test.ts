import { describe, expect, it } from 'vitest'
import { createProgram } from '../../src/cli/program.js'
import { flagsOf, type Name } from '../../src/library/flags-of.js'

describe('options of the library', () => {
  it('are the flags of the command line', () => {
    const signal = new AbortController().signal
    const common = { cwd: '/srv', signal, config: 'a.json', stage: 'staging', concurrency: 4 }
    const flags = { config: 'a.json', stage: 'staging', concurrency: 4 }
    expect(flagsOf('deploy', { ...common, lockWait: '10m', rollback: false })).toEqual({
      ...flags,
      lockWait: 600_000,
      rollback: false,
    })
    expect(flagsOf('join', { ...common, hosts: ['web-4'] })).toEqual({ ...flags, host: ['web-4'] })
    expect(flagsOf('status', { roles: ['web'], verify: true })).toEqual({ role: ['web'], verify: true })
  })

  /** What is for a terminal, what `signal` does, and what only a dry run of the command line has. A status asks nothing. */
  const none = [
    'input',
    'json',
    'output',
    'color',
    'verbose',
    'quiet',
    'detailedExitcode',
    'timeout',
    'offline',
    'build',
  ]

  it.each<Name>(['deploy', 'rollback', 'repair', 'join', 'status'])('are all that %s has', name => {
    const command = createProgram('0', () => {}).commands.find(one => one.name() === name)
    const flags =
      command?.options
        .map(option => option.attributeName())
        .filter(flag => !none.includes(flag) && !(name === 'status' && flag === 'yes')) ?? []
    expect(flags.length).toBeGreaterThan(5)
    const named: Readonly<Record<string, string>> = { host: 'hosts', role: 'roles' }
    for (const flag of flags) expect(flagsOf(name, { [named[flag] ?? flag]: undefined })).toEqual({})
  })

  it('may be left undefined, or empty where nobody is left out', () => {
    expect(flagsOf('deploy', { ref: undefined, exclude: [] })).toEqual({})
  })

  it('take a configuration in place of its file', () => {
    const config = { app: 'shop' }
    expect(flagsOf('status', { config })).toEqual({ given: config })
  })

  const wrong: readonly (readonly [Name, object, string])[] = [
    ['deploy', { dryrun: true }, 'deploy() has no option "dryrun"; did you mean "dryRun"?'],
    ['status', { dryRun: true }, 'status() has no option "dryRun".'],
    ['deploy', { toString: 1 }, 'deploy() has no option "toString".'],
    ['deploy', { dryRun: 'false' }, 'dryRun of deploy() must be true or false.'],
    ['deploy', { stage: '' }, 'stage of deploy() must be a text.'],
    ['deploy', { lockWait: 'soon' }, 'lockWait of deploy() must be milliseconds, or a duration like 10m.'],
    ['deploy', { concurrency: 0 }, 'concurrency of deploy() must be a whole number from 1.'],
    ['deploy', { exclude: 'web-1' }, 'exclude of deploy() must be a list of texts.'],
    ['join', { hosts: [] }, 'hosts of join() must be a list of texts that is not empty.'],
    ['status', { only: [] }, 'only of status() must be a list of texts that is not empty.'],
    ['repair', { signal: {} }, 'signal of repair() must be an AbortSignal.'],
    ['repair', { config: 7 }, 'config of repair() must be a file, or a configuration.'],
  ]

  it.each(wrong)('of %s may not be %j', (name, options, sentence) => {
    expect(() => flagsOf(name, options)).toThrow(sentence)
  })
})

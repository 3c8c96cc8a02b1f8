import { describe, expect, it } from 'vitest'
import { createProgram } from '../../src/cli/program.js'
import { version } from '../../src/package.js'
import { again, lineOf, programOf, proposer } from '../../src/text/propose-command.js'
import { sources, withoutComments } from '../support/imports.js'

describe('a command that a message proposes', () => {
  const all = proposer({ config: 'etc/prod.ts', stage: 'blue', program: 'clonedeploy' })

  it.each([
    ['fix: clonedeploy repair', 'fix: clonedeploy repair blue -c etc/prod.ts'],
    ['clonedeploy join --host web-4', 'clonedeploy join blue -c etc/prod.ts --host web-4'],
    ['clonedeploy trust web-1', 'clonedeploy trust --stage blue -c etc/prod.ts web-1'],
    ['clonedeploy run --only web-1 -- CMD', 'clonedeploy run --stage blue -c etc/prod.ts --only web-1 -- CMD'],
    [
      'clonedeploy check  →  clonedeploy deploy --dry-run',
      'clonedeploy check blue -c etc/prod.ts  →  clonedeploy deploy blue -c etc/prod.ts --dry-run',
    ],
    ['Run it: clonedeploy deploy blue', 'Run it: clonedeploy deploy blue -c etc/prod.ts'],
    ['clonedeploy maintenance on', 'clonedeploy maintenance --stage blue -c etc/prod.ts on'],
    ['clonedeploy init', 'clonedeploy init'],
    ['This is a bug of clonedeploy, not of yours', 'This is a bug of clonedeploy, not of yours'],
    ['.clonedeploy/logs and clonedeploy deployment', '.clonedeploy/logs and clonedeploy deployment'],
  ])('%s has the configuration and the stage that were named', (text, told) => {
    expect(all(text)).toBe(told)
    expect(all(told)).toBe(told)
  })

  it.each([
    [{ config: null, stage: null }, 'clonedeploy repair'],
    [{ config: null, stage: 'blue' }, 'clonedeploy repair blue'],
    [{ config: "it's here.ts", stage: null }, `clonedeploy repair -c 'it'\\''s here.ts'`],
  ])('says of %j what was typed, quoted for a shell', (typed, told) => {
    expect(proposer({ ...typed, program: 'clonedeploy' })('clonedeploy repair')).toBe(told)
  })

  it('is left as it was typed where it is the same command again', () => {
    const argv = ['maintenance', 'on', '--stage', 'blue', '-m', 'hot fix']
    const told = `${again(argv, '--adopt')} or clonedeploy repair`
    expect(proposer({ config: null, stage: 'blue', program: 'clonedeploy' }, lineOf(argv))(told)).toBe(`${told} blue`)
  })

  it.each([
    ['/usr/local/bin/clonedeploy', '', 'clonedeploy'],
    ['/usr/local/lib/node_modules/clonedeploy/bin/clonedeploy.js', '', 'clonedeploy'],
    ['/shop/bin/clonedeploy.js', 'npm/10.8.2 node/v20', 'clonedeploy'],
    ['/shop/node_modules/.bin/clonedeploy', '', 'npx clonedeploy'],
    ['/shop/node_modules/.bin/clonedeploy', 'npm/10.8.2 node/v20', 'npx clonedeploy'],
    ['/shop/node_modules/.bin/../clonedeploy/bin/clonedeploy.js', 'pnpm/9.1 npm/?', 'pnpm exec clonedeploy'],
    ['/shop/node_modules/.bin/clonedeploy', 'yarn/4 npm/?', 'yarn clonedeploy'],
    ['/shop/node_modules/.bin/clonedeploy', 'bun/1.1 npm/?', 'bunx clonedeploy'],
  ])('of the program started as %s (%s) begins with what starts it again', (file, agent, program) => {
    expect(programOf(file, agent)).toBe(program)
    const propose = proposer({ config: null, stage: 'blue', program }, 'clonedeploy deploy --ref x')
    const text =
      'undo: clonedeploy rollback, clonedeploy deploy --ref x --adopt or clonedeploy --help of clonedeploy itself'
    const told = `undo: ${program} rollback blue, ${program} deploy --ref x --adopt or ${program} --help of clonedeploy itself`
    expect(propose(text)).toBe(told)
    expect(propose(told)).toBe(told)
  })

  it('is the same command again, with one flag more', () => {
    expect(again(['deploy', 'blue', '-m', 'hot fix'], '--lock-wait 10m')).toBe(
      "clonedeploy deploy blue -m 'hot fix' --lock-wait 10m",
    )
    expect(again(['run', '--', 'echo', '$HOME'], '--adopt')).toBe("clonedeploy run --adopt -- echo '$HOME'")
  })
})

describe('the source', () => {
  const proposed = [...sources()].flatMap(([file, text]) =>
    [...withoutComments(text).matchAll(/clonedeploy (?!\$\{)([a-z-]+)((?: --[a-z-]+)*)/g)]
      .filter(([, name]) => program().commands.some(one => one.name() === name))
      .map(([, name, flags]) => ({ file, name, flags: (flags ?? '').split(' ').filter(Boolean) })),
  )

  it('proposes commands that have the flags it proposes', () => {
    expect(proposed.length).toBeGreaterThan(50)
    const wrong = proposed.filter(({ name, flags }) => {
      const { options } = program().commands.find(one => one.name() === name) ?? { options: [] }
      return flags.some(flag => flag !== '--' && !options.some(({ long }) => long === flag))
    })
    expect(wrong).toEqual([])
  })

  it('leaves none of the commands with a stage as it is', () => {
    const staged = program().commands.filter(({ options }) => options.some(({ long }) => long === '--stage'))
    const all = proposer({ config: null, stage: 'blue', program: 'clonedeploy' })
    const left = staged.map(one => `clonedeploy ${one.name()}`).filter(text => all(text) === text)
    expect(left).toEqual(['clonedeploy init'])
  })
})

function program() {
  return createProgram(version(), () => {})
}

import { expect, it } from 'vitest'
import { runHere } from '../support/here.js'

const run = (...argv: readonly string[]) => runHere(argv, { cwd: '/', env: {} })

it('help prints what --help prints', async () => {
  expect(await run('help')).toEqual(await run('--help'))
  expect(await run('help', 'deploy')).toEqual(await run('deploy', '--help'))
  expect((await run('help')).code).toBe(0)
})

it('help of a command that there is not names the one that was meant', async () => {
  expect(await run('help', 'depoly')).toEqual({
    code: 2,
    stdout: '',
    stderr: '✖ there is no command "depoly"; did you mean "deploy"?\n\n  see: clonedeploy --help\n',
  })
})

it('the flags of a command stand before those of every command', async () => {
  const { stdout } = await run('help', 'rollback')
  const at = (text: string) => stdout.indexOf(text)
  expect(at('--to <id>')).toBeGreaterThan(0)
  expect(at('--to <id>')).toBeLessThan(at('Flags of every command:'))
  expect(at('Flags of every command:')).toBeLessThan(at('--json'))
})

import { describe, expect, it } from 'vitest'
import { project, refusal } from './project.js'

describe('a file that cannot be parsed is shown at the place', () => {
  it('in TypeScript', async () => {
    const text = `import { defineConfig } from 'clonedeploy'\n\nexport default defineConfig({\n  app: 'shop'  deployTo: 1,\n})\n`
    const error = await refusal({ cwd: await project({ 'deploy.config.ts': text }) })
    expect([error.exitCode, error.message]).toEqual([2, 'deploy.config.ts:4:16  Unexpected token, expected ","'])
    expect(error.details).toEqual([
      '  2 |',
      '  3 | export default defineConfig({',
      "> 4 |   app: 'shop'  deployTo: 1,",
      '    |                ^',
      '  5 | })',
    ])
    expect(error.next).toEqual(['check again: clonedeploy config'])
  })

  it('in a module that the config imports', async () => {
    const cwd = await project({ 'deploy.config.ts': `import './lib/hosts.js'`, 'lib/hosts.ts': 'const a: = 1' })
    const error = await refusal({ cwd })
    expect(error.message).toBe('lib/hosts.ts:1:10  Unexpected token')
    expect(error.details).toEqual(['> 1 | const a: = 1', '    |          ^'])
  })

  it.each([
    ['{\n  "app": "a" "b": 1\n}', '2:14  Expected "," or "}", found "'],
    ['{\n  "app": "a",\n}', '3:1  Unexpected } after a comma'],
    ['[1, 2,]', '1:7  Unexpected ] after a comma'],
    ['[1 2]', '1:4  Expected "," or "]", found 2'],
    ['{ // comment', '1:3  JSON has no comments'],
    ["{ 'app': 1 }", '1:3  JSON has double quotes only'],
    ['{ "app": "a', '1:10  This text has no end, or a character in it that JSON does not allow'],
    ['{ "app": "\\x" }', '1:10  This text has no end, or a character in it that JSON does not allow'],
    ['{ "app": tru }', '1:10  Unexpected t'],
    ['{ "app": nullx }', '1:14  Expected "," or "}", found x'],
    ['{ "app" 1 }', '1:9  Expected ":", found 1'],
    ['{ "app": 01 }', '1:10  Unexpected 0'],
    ['{ app: 1 }', '1:3  Unexpected a'],
    ['{} x', '1:4  Expected the end of the file, found x'],
    ['{ "a": [1, {"b": null}', '1:23  Unexpected end of the file'],
    ['', '1:1  Unexpected end of the file'],
  ])('in JSON: %s', async (text, message) => {
    const error = await refusal({ cwd: await project({ 'deploy.config.json': text }) })
    expect(error.message).toBe(`deploy.config.json:${message}`)
  })
})

describe('a config that throws is shown', () => {
  it('with its message, file and line', async () => {
    const text = `function need(name: string): never {\n  throw new Error('no ' + name)\n}\n\nexport default need('DB')\n`
    const error = await refusal({ cwd: await project({ 'deploy.config.ts': text }) })
    expect(error.message).toBe('deploy.config.ts failed: no DB')
    expect(error.details).toEqual([
      'at deploy.config.ts:2',
      '',
      '  1 | function need(name: string): never {',
      "> 2 |   throw new Error('no ' + name)",
      '  3 | }',
    ])
  })

  it.each([
    [`import 'leftpad-x'`, "deploy.config.ts failed: Cannot find module 'leftpad-x'", 'at deploy.config.ts:1'],
    ['\nexport default nope.nope', 'deploy.config.ts failed: nope is not defined', 'at deploy.config.ts:2'],
    [`\n\nthrow 'just text'`, 'deploy.config.ts failed: just text', undefined],
    ['export default Promise.reject(new Error(""))', 'deploy.config.ts failed: Error', 'at deploy.config.ts:1'],
  ])('%s', async (text, message, place) => {
    const error = await refusal({ cwd: await project({ 'deploy.config.ts': text }) })
    expect([error.message, error.details[0]]).toEqual([message, place])
  })
})

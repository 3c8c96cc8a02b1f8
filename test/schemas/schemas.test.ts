import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createProgram } from '../../src/cli/program.js'
import { blocks, document, table } from '../docs/markdown.js'
import { writeFiles } from '../support/files.js'
import { demandKept, demandSchemas } from './demand.js'
import { schemaFiles } from './files.js'

interface ObjectSchema {
  readonly properties: Readonly<Record<string, { readonly const?: unknown; readonly enum?: readonly string[] }>>
  readonly required: readonly string[]
}

const page = document('docs/json.md')
const read = (name: string) => JSON.parse(document(`schema/${name}.json`))
const refusal = {
  v: 1,
  command: 'lock',
  result: 'aborted',
  exitCode: 2,
  stage: null,
  error: { code: 'usage', message: 'No.', hint: null, changed: null },
  reason: 'No.',
  changed: null,
  details: [],
  next: [],
  warnings: [],
}
const line = { v: 1, t: '2026-01-02T03:04:05.678Z' }

/** The objects that one of them takes. */
function alternatives(name: string): readonly ObjectSchema[] {
  const { anyOf } = read(name)
  return anyOf.flatMap((one: { readonly anyOf?: readonly ObjectSchema[] }) => one.anyOf ?? [one])
}

/** Whether the file that ships takes it. */
function fits(name: string, value: unknown): boolean {
  return z.fromJSONSchema(read(name)).safeParse(value).success
}

describe('the JSON Schemas that ship', () => {
  it('are those that are written, and no others', () => {
    const there = readdirSync(join(import.meta.dirname, '../../schema'), { recursive: true, encoding: 'utf8' })
    expect(
      there
        .filter(name => name.endsWith('.json'))
        .map(name => `schema/${name}`)
        .sort(),
    ).toEqual(['schema/config.json', ...Object.keys(schemaFiles)].sort())
  })

  it('are one for each command that has JSON', () => {
    const commands = createProgram('0', () => {}).commands.map(command => command.name())
    const named = Object.keys(schemaFiles).flatMap(path => /output\/(.*)\.json/.exec(path)?.[1] ?? [])
    expect(named.sort()).toEqual(commands.filter(name => !['completion', 'demo', 'help'].includes(name)).sort())
  })

  const examples = blocks(page, 'json').map(text => JSON.parse(text))

  it.each(examples)('take the example of $command in json.md', example => {
    expect(fits(`output/${example.command}`, example)).toBe(true)
  })

  const broken = examples.flatMap(example => [
    [example.command, 'another key', { ...example, more: 1 }] as const,
    ...Object.keys(example).map(key => [example.command, `no ${key}`, without(example, key)] as const),
    ...Object.keys(example).map(key => [example.command, `another ${key}`, { ...example, [key]: { a: 1 } }] as const),
  ])

  it.each(broken)('refuse that of %s with %s', (command, _, example) => {
    expect(fits(`output/${command}`, example)).toBe(false)
  })

  it('take a refusal of every command, and none without its reason', () => {
    const { reason: _, ...mute } = refusal
    expect([fits('output/lock', refusal), fits('output/lock', mute)]).toEqual([true, false])
    expect(fits('output/deploy', { ...refusal, command: 'deploy' })).toBe(false)
  })
})

describe('json.md', () => {
  const rows = ['| command |', '| more commands |'].flatMap(head =>
    table(page, `${head} keys beside \`v\` and \`command\` |`),
  )

  it.each(rows)('has the keys of %s', (cell = '', keys = '') => {
    const [command = '', flag] = words(cell)[0]?.split(' ') ?? []
    const [first, ...others] = alternatives(`output/${command}`)
    const schema = flag === undefined ? first : others.find(({ properties }) => properties.dryRun?.const === true)
    const needed = schema?.required.filter(key => key !== 'v' && key !== 'command')
    expect(words(keys).sort()).toEqual([...(needed ?? [])].sort())
  })

  it('has the types of events.json', () => {
    const types = alternatives('events').flatMap(({ properties }) => properties.type?.const ?? [])
    const told = table(page, '| type | when |').flatMap(([cell = '']) => words(cell))
    expect(types.sort()).toEqual(told.filter(type => !/^host\.(?!start|progress|gone)/.test(type)).sort())
  })
})

describe('a line of the stream', () => {
  it.each([
    ['a note', { type: 'note', level: 'info', host: null, text: 'a' }],
    ['the end of a step', { type: 'host.swap', host: 'a', ok: true, ms: 3, step: 'swap', note: '' }],
    ['a refused end', { type: 'run.end', outcome: { ...refusal, command: 'deploy', ...nothing() } }],
  ])('is %s', (_, event) => {
    expect(fits('events', { ...line, ...event })).toBe(true)
  })

  it.each([
    ['no time', { v: 1, type: 'note', level: 'info', host: null, text: 'a' }],
    ['a level that there is not', { ...line, type: 'note', level: 'loud', host: null, text: 'a' }],
    ['a phase that there is not', { ...line, type: 'phase.start', phase: 'party' }],
    ['a step of no phase', { ...line, type: 'host.party', host: 'a', ok: true, ms: 3, step: 'swap', note: '' }],
    ['an end without an outcome', { ...line, type: 'run.end' }],
  ])('has not %s', (_, event) => {
    expect(fits('events', event)).toBe(false)
  })
})

it('what the program prints in any test is held to them', () => {
  const text = (value: object) => `${JSON.stringify(value)}\n`
  expect(() => demandSchemas(`for people\n${text(refusal)}{"v":1,"cut o`)).not.toThrow()
  expect(() => demandSchemas(text({ ...refusal, more: 1 }))).toThrow('its schema says otherwise')
  expect(() => demandSchemas(text({ ...line, type: 'party' }))).toThrow('its schema says otherwise')
})

it('what is kept of any run is held to them, too', () => {
  const root = mkdtempSync(join(tmpdir(), 'clonedeploy-kept-'))
  const keep = (line: string) =>
    writeFiles(root, { '.clonedeploy/logs/20261123-183045-deploy.jsonl': line, '.clonedeploy/logs/a.log': '{}\n' })
  expect(() => demandKept(root)).not.toThrow()
  keep(`${JSON.stringify({ ...line, type: 'note', level: 'info', host: null, text: 'a' })}\n{"v":1,"cut o`)
  expect(() => demandKept(root)).not.toThrow()
  keep(`${JSON.stringify({ ...line, type: 'party' })}\n`)
  expect(() => demandKept(root)).toThrow('its schema says otherwise')
  rmSync(root, { recursive: true })
})

function without(value: object, key: string): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
}

/** What the outcome of a transaction says beside that, where no host was contacted. */
function nothing() {
  const none = { release: null, previous: null, digest: null, swapWindowMs: null, switchWindowMs: null }
  return { ...none, seconds: 0, bytes: 0, hosts: [] }
}

function words(cell: string): string[] {
  return cell.match(/(?<=`)[^`]+(?=`)/g)?.filter(word => !/^,? $/.test(word)) ?? []
}

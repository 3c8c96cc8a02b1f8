import { runInThisContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { completeConfig } from '../../src/config/load/load.js'
import { fields } from '../../src/config/schema.js'
import { Refusal } from '../../src/errors.js'
import { document } from '../docs/markdown.js'
import { keys } from '../docs/reference/configuration.js'
import { minimal } from './project.js'

const text = JSON.parse(document('schema/config.json'))
const { allOf, ...rest } = text
/** One by one: zod would let what one part allows pass in another. */
const parts = [rest, ...allOf.map((part: object) => ({ ...part, $defs: text.$defs }))].map(part =>
  z.fromJSONSchema(part),
)
const fits = (config: unknown) => parts.every(part => part.safeParse(config).success)

/** Whether the program takes it. */
async function loads(config: unknown): Promise<boolean> {
  try {
    await completeConfig(config as Readonly<Record<string, unknown>>, {
      cwd: '/',
      file: '/deploy.config.json',
      offline: true,
    })
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

/** What the reference gives as an example of each key. */
const examples = keys().map(({ name, example }): readonly [string, unknown] => [name, runInThisContext(`(${example})`)])

describe('the JSON Schema of the configuration', () => {
  it('has every key, with what the reference says of it', () => {
    for (const name of Object.keys(fields)) expect(text.$defs[name].description, name).toMatch(/\.$/)
    expect(Object.keys(text.properties)).toEqual(['$schema', ...Object.keys(fields), 'stages', 'defaultStage'])
  })

  it.each(examples)('takes the example of %s, above the stages and in one', (name, value) => {
    const own = { [name]: value }
    expect([fits({ ...minimal, ...own }), fits({ ...minimal, stages: { blue: own } })]).toEqual([true, true])
  })

  it.each([
    ['nothing', {}],
    ['no hosts', { app: 'shop', deployTo: '/srv/shop' }],
    ['hosts of one stage alone', { app: 'shop', deployTo: '/srv/shop', stages: { a: { hosts: ['b'] }, c: {} } }],
    ['no stage', { ...minimal, stages: {} }],
    ['stages in a stage', { ...minimal, stages: { a: { stages: {} } } }],
    ['a stage that begins with a dot', { ...minimal, stages: { '.a': {} } }],
    ['an unknown key', { ...minimal, deployto: '/srv/shop' }],
    ['an unknown key of a host', { ...minimal, hosts: [{ host: 'a', adress: 'b' }] }],
    ['an app with a slash', { ...minimal, app: 'a/b' }],
    ['a number as app', { ...minimal, app: 3 }],
    ['an empty command', { ...minimal, build: '' }],
    ['a duration in words', { ...minimal, ssh: { connectTimeout: 'long' } }],
    ['a duration of nothing', { ...minimal, ssh: { connectTimeout: 0 } }],
    ['a port that there is not', { ...minimal, hosts: [{ host: 'a', port: 65_536 }] }],
    ['a restart of two kinds', { ...minimal, restart: { systemd: 'a', pm2: 'b' } }],
    ['a health check of no kind', { ...minimal, health: { timeout: '3s' } }],
    ['a source of two kinds', { ...minimal, source: { git: '.', dir: '.' } }],
    ['a store of no kind', { ...minimal, store: {} }],
    ['a secret with its value', { ...minimal, secrets: { TOKEN: 'hunter2' } }],
    ['a variable of ours', { ...minimal, env: { CLONEDEPLOY_APP: 'a' } }],
    ['a share above all', { ...minimal, rollout: { batch: true } }],
    ['a release too few', { ...minimal, keepReleases: 0 }],
    ['null', { ...minimal, logs: null }],
  ])('refuses %s, as the program does', async (_, config) => {
    expect([fits(config), await loads(config)]).toEqual([false, false])
  })

  it('takes all that the program takes', async () => {
    const others = examples.flatMap(([name, value]) => changed(value).map(one => ({ ...minimal, [name]: one })))
    const taken = (await Promise.all(others.map(async one => ((await loads(one)) ? [one] : [])))).flat()
    expect(taken.length).toBeGreaterThan(100)
    expect(taken.filter(one => !fits(one))).toEqual([])
  })

  it('may be named in the configuration', async () => {
    const named = { $schema: './node_modules/clonedeploy/schema/config.json', ...minimal }
    expect([fits(named), await loads(named)]).toEqual([true, true])
  })
})

const odd: readonly unknown[] = [
  null,
  true,
  0,
  1,
  8080,
  '',
  'a',
  '10s',
  '25%',
  'a.json',
  '/a',
  '127.0.0.1:80',
  [],
  ['a'],
  {},
]

/** The value with one part of it left out, or replaced by something else. */
function changed(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return [...odd, ...value.flatMap((part, i) => changed(part).map(one => value.with(i, one)))]
  if (typeof value !== 'object' || value === null) return odd
  const entries = Object.entries(value)
  return [
    ...odd,
    ...entries.map(([name]) => Object.fromEntries(entries.filter(([other]) => other !== name))),
    ...entries.flatMap(([name, part]) => changed(part).map(one => ({ ...value, [name]: one }))),
  ]
}

import { runInThisContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { resolveConfig } from '../../../src/config/resolve.js'
import { fields, type Layer } from '../../../src/config/schema.js'
import { document } from '../markdown.js'
import { aboutStages, flat, type Key, keys } from './configuration.js'
import { pages } from './pages.js'

const all = keys()
const meant = (text: string): unknown => runInThisContext(`(${text})`)

it.each(Object.entries(pages))('%s is what `npm run reference` writes', (path, text) => {
  expect(document(path)).toBe(text())
})

describe('the reference of the configuration', () => {
  it.each(all.map(({ path, example }) => [path, example]))('has an example of %s that is one: %s', (path, example) => {
    const field = fields[path as keyof typeof fields]
    expect(field.safeParse(meant(example ?? 'null')).error).toBeUndefined()
  })

  it('has an example of each key that only the whole has', () => {
    expect(aboutStages.map(({ name, example }) => [name, typeof meant(example ?? '')])).toEqual([
      ['stages', 'object'],
      ['defaultStage', 'string'],
    ])
  })

  const place = { file: '/f/deploy.config.ts', root: '/f', home: '/h' }
  const resolved = (layer: Layer) => resolveConfig('production', layer, [], place)

  it.each(literal(all))('says what %s is when it is left out: %s', (path, text) => {
    const key = path as keyof typeof fields
    expect(resolved({ [key]: fields[key].parse(meant(text)) })).toEqual(resolved({}))
  })

  /** The least that each object with defaults in it may be. */
  const least: readonly (readonly [above: string, value: object])[] = [
    ['source', { git: '.' }],
    ['hosts', { command: 'a' }],
    ['prepare', { run: 'a' }],
    ['restart', { systemd: 'a' }],
    ['restart', { run: 'a' }],
    ['health', { url: 'http://a' }],
    ['health', { tcp: 1 }],
    ['audit.login.request', { url: '/' }],
    ['relay', {}],
    ['rollout', {}],
    ['rollout.canary.check', { run: 'a' }],
    ['rollout.bake', { for: '1m' }],
    ['rollout.bake.check', { run: 'a' }],
    ['rollout.bake.check', { url: 'http://a' }],
    ['balancer', { command: { drain: 'a', ready: 'a' } }],
    ['balancer.nginx', { host: 'a', upstreamFile: '/a' }],
    ['ssh', {}],
  ]
  const around = (above: string, value: object): object => {
    if (above === 'rollout.canary.check') return { canary: { hosts: 1, check: value } }
    if (above === 'audit.login.request') return { login: { request: value, page: '/', expect: 'a' } }
    if (above === 'rollout.bake') return { bake: value }
    if (above === 'rollout.bake.check') return { bake: { for: '1m', check: value } }
    return above === 'balancer.nginx' ? { nginx: value } : value
  }
  const inner = literal(all.flatMap(key => flat(key.inner)))

  it.each(inner)('says what %s is when it is left out: %s', (path, text) => {
    const at = path.lastIndexOf('.')
    const [above, name] = [path.slice(0, at), path.slice(at + 1)]
    const key = above.split('.')[0] as keyof typeof fields
    const layer = (value: object) => ({ [key]: fields[key].parse(around(above, value)) })
    const same = least
      .filter(([where]) => where === above)
      .filter(([, value]) => fields[key].safeParse(around(above, { ...value, [name]: meant(text) })).success)
    expect(same).not.toEqual([])
    for (const [, value] of same)
      expect(resolved(layer({ ...value, [name]: meant(text) }))).toEqual(resolved(layer(value)))
  })
})

/** The keys whose default is a value, with it. */
function literal(some: readonly Key[]): readonly (readonly [string, string])[] {
  return some.flatMap(({ path, default: unsaid }) =>
    unsaid !== null && /^('.*'|\{.*\}|\d+|true|false)$/.test(unsaid) ? [[path, unsaid] as const] : [],
  )
}

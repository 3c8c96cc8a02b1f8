import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folderOf, type Import, importsOf, sources, withoutComments } from './support/imports.js'

/** From the command line down to the data: each may import its own layer and those below it. */
const layers: readonly (readonly string[])[] = [
  ['cli.ts', 'index.ts', 'cli', 'library'],
  ['commands'],
  ['fleet', 'render', 'config', 'artifact', 'embedded', 'project'],
  ['balancer', 'store'],
  ['connection', 'plan'],
  ['state'],
  ['scripts', 'release', 'inventory'],
  [
    'cache-folder.ts',
    'errors.ts',
    'exit-code.ts',
    'line-cutter.ts',
    'package.ts',
    'process-group.ts',
    'text',
    'time-limit.ts',
    'once.ts',
  ],
]

/** Upwards, as types: the resolved configuration is data that all of them were written for, and config/config.ts holds no code. */
const upwards: readonly string[] = [
  'balancer -> config/config.ts',
  'connection -> config/config.ts',
  'plan -> config/config.ts',
  'store -> config/config.ts',
]

/** Where each package may be imported: one file, or one folder. */
const doors: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/client-s3': ['store/s3.ts'],
  '@aws-sdk/lib-storage': ['store/s3.ts'],
  '@aws-sdk/s3-request-presigner': ['store/s3.ts'],
  '@clack/prompts': ['commands/context/ask.ts', 'commands/context/screen.ts'],
  chalk: ['render/paint.ts'],
  commander: ['cli/completion.ts', 'cli/program.ts'],
  execa: ['artifact/git/git.ts'],
  'fast-string-width': ['render/table.ts'],
  ignore: ['artifact/select/deployignore.ts'],
  jiti: ['config/load/evaluate.ts'],
  'log-update': ['render/progress/tty.ts'],
  'node-ssh': ['connection/ssh2/ssh2.ts'],
  'p-limit': ['fleet/each-host.ts'],
  // A client below node-ssh, and a server: two sides of the wire that share nothing else but new keys.
  ssh2: ['connection', 'embedded'],
  'tar-stream': ['artifact/archive/unpack-archive.ts'],
  // What a configuration says, what a host does, and what is kept of a run.
  zod: [
    'commands/report/kept-events.ts',
    'config',
    'store/artifacts.ts',
    'store/generation.ts',
    'fleet/read/records.ts',
    'fleet/read/run-record.ts',
  ],
}

const pure = ['scripts', 'plan', 'state', 'release', 'inventory', 'text']

const files = sources()
const imports = [...files].flatMap(([file, text]) => importsOf(file, text))
const inside = imports.filter(({ to }) => files.has(to))
const outside = imports.filter(({ to }) => !files.has(to))

function layerOf(file: string): number {
  return layers.findIndex(layer => layer.includes(folderOf(file)))
}

function words({ from, to, typeOnly }: Import): string {
  return `${from} imports ${typeOnly ? 'a type of ' : ''}${to}`
}

describe('imports', () => {
  it('are found, whichever way they are written', () => {
    const text = `import { a } from '../b/c.js'
import type { d } from './e.js'
export { f } from './g.js'
const h = await import('node:fs')
let i: typeof import('ssh2/lib/x.js')`
    expect(importsOf('a/file.ts', text).map(words)).toEqual([
      'a/file.ts imports b/c.ts',
      'a/file.ts imports a type of a/e.ts',
      'a/file.ts imports a/g.ts',
      'a/file.ts imports node:fs',
      'a/file.ts imports a type of ssh2',
    ])
    expect(inside.length).toBeGreaterThan(files.size)
  })

  it('know every file and folder of src/', () => {
    expect([...files.keys()].filter(file => layerOf(file) === -1)).toEqual([])
    expect(layers.flat().filter(name => ![...files.keys()].some(file => folderOf(file) === name))).toEqual([])
  })

  it('go one way', () => {
    const wrong = inside.filter(
      one =>
        layerOf(one.from) > layerOf(one.to) &&
        !(one.typeOnly && upwards.includes(`${folderOf(one.from)} -> ${one.to}`)),
    )
    expect(wrong.map(words)).toEqual([])
  })

  it.each(upwards)('need the exception %s', exception => {
    const [folder, file] = exception.split(' -> ')
    expect(inside.some(({ from, to }) => folderOf(from) === folder && to === file)).toBe(true)
  })

  it('never make two folders need each other', () => {
    const needs = new Map<string, Set<string>>()
    for (const { from, to } of inside) {
      if (folderOf(from) !== folderOf(to))
        needs.set(folderOf(from), (needs.get(folderOf(from)) ?? new Set()).add(folderOf(to)))
    }
    const reach = (folder: string, seen: Set<string>): Set<string> => {
      for (const next of needs.get(folder) ?? []) if (!seen.has(next)) reach(next, seen.add(next))
      return seen
    }
    expect([...needs.keys()].filter(folder => reach(folder, new Set()).has(folder))).toEqual([])
  })

  it('never make two files need each other, types included', () => {
    expect(circles(new Map([...files.keys()].map(file => [file, inside.filter(({ from }) => from === file)])))).toEqual(
      [],
    )
  })

  it('bring the hidden exception to light: config/config.ts is types only', () => {
    expect(withoutComments(files.get('config/config.ts') ?? '')).not.toMatch(/\b(const|let|function|class)\b/)
  })

  it('of packages are where their door is, and nowhere else', () => {
    const wrong = outside.filter(({ from, to }) => {
      const allowed = doors[to] ?? []
      return !to.startsWith('node:') && !allowed.includes(from) && !allowed.includes(folderOf(from))
    })
    expect(wrong.map(words)).toEqual([])
  })

  it('are what package.json lists: what is not in the bundle as dependencies', () => {
    const text = (file: string) => readFileSync(join(import.meta.dirname, '..', file), 'utf8')
    const { dependencies, devDependencies } = JSON.parse(text('package.json'))
    const used = new Set(outside.filter(({ to }) => !to.startsWith('node:')).map(({ to }) => to))
    expect([...used].sort()).toEqual(Object.keys(doors).sort())
    expect([...used].filter(name => !(name in dependencies) && !(name in devDependencies))).toEqual([])
    const external = /const external = \[(.*)\]/.exec(text('build.js'))?.[1]?.match(/[\w-]+/g) ?? []
    expect([...external].sort()).toEqual(Object.keys(dependencies).sort())
  })

  it.each(pure)('of %s/ are of nothing outside', folder => {
    expect(outside.filter(({ from }) => folderOf(from) === folder).map(words)).toEqual([])
  })
})

describe('a room', () => {
  it('holds as many files as can be taken in at a glance', () => {
    const rooms = [...files.keys()].map(file => dirname(file))
    const held = new Map(rooms.map(room => [room, rooms.filter(one => one === room).length]))
    expect([...held].filter(([, count]) => count > 17)).toEqual([])
  })
})

/** Each circle, as the imports that close it. */
function circles(importsOf: ReadonlyMap<string, readonly Import[]>): readonly string[] {
  const done = new Set<string>()
  const found: string[] = []
  const visit = (file: string, path: readonly Import[]): void => {
    if (done.has(file)) return
    const at = path.findIndex(({ from }) => from === file)
    if (at >= 0) {
      found.push(path.slice(at).map(words).join(', '))
      return
    }
    for (const one of importsOf.get(file) ?? []) visit(one.to, [...path, one])
    done.add(file)
  }
  for (const file of importsOf.keys()) visit(file, [])
  return found
}

describe('the text of', () => {
  const code = new Map([...files].map(([file, text]) => [file, withoutComments(text)]))
  const filesWith = (pattern: RegExp) => [...code].filter(([, text]) => pattern.test(text)).map(([file]) => file)

  it.each([
    ['the process', /\bprocess\./],
    ['the clock', /\bDate\.now\b|\bnew Date\(\)|\bperformance\.|\bset(Timeout|Interval)\(/],
    ['chance', /\bMath\.random\b/],
    ['the network', /\bfetch\(/],
    ['the terminal', /\bconsole\./],
  ])('pure folders does not know %s', (_, pattern) => {
    expect(filesWith(pattern).filter(file => pure.includes(folderOf(file)))).toEqual([])
  })

  it('cli.ts alone sets the exit code', () => {
    expect(filesWith(/\bprocess\.exitCode\s*=/)).toEqual(['cli.ts'])
  })

  it.each([
    ['console.', /\bconsole\./],
    ['export *', /^export \*/m],
    ['export default', /^export default/m],
    ['process.exit(', /\bprocess\.exit\(/],
  ])('no file has `%s`', (_, pattern) => {
    expect(filesWith(pattern)).toEqual([])
  })

  it('no file is a barrel: index.ts is the public API', () => {
    expect([...files.keys()].filter(file => file.endsWith('index.ts'))).toEqual(['index.ts'])
  })
})

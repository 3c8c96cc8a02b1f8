import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.js'
import { hookVariables } from '../../src/plan/variables.js'
import { createProgram } from '../../src/program.js'
import { codes } from '../../src/scripts/codes.js'
import { blocks, codeSpans, document, table } from './markdown.js'

const readme = document('README.md')
const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-docs-'))
afterAll(() => rmSync(folder, { recursive: true }))

const program = createProgram('0', () => {})
const configs = blocks(readme, 'ts')

async function load(config: string, stage?: string) {
  const file = join(folder, 'deploy.config.ts')
  writeFileSync(file, config)
  return loadConfig({ cwd: folder, file, ...(stage === undefined ? {} : { stage }) })
}

describe('the configurations in the README', () => {
  it('are two, each whole', () => {
    expect(configs.map(text => text.split('\n')[0])).toEqual(
      Array(2).fill("import { defineConfig } from 'clonedeploy'"),
    )
  })

  it('begin with one that comes to what its comments say', async () => {
    expect(await load(configs[0] ?? '')).toMatchObject({
      app: 'shop',
      stage: 'production',
      source: { kind: 'git', repository: folder, ref: 'main' },
      hosts: [
        { name: 'web-1', deployTo: '/srv/shop' },
        { name: '10.0.0.2:2222', user: 'deploy', port: 2222 },
        { name: 'web-3', host: '10.0.0.3', jump: 'bastion' },
      ],
      shared: { dirs: ['uploads'], files: ['.env'] },
      health: [{ status: 200, release: 'body', timeout: 30_000 }],
    })
  })

  it('go on with one whose stages are fleets of their own', async () => {
    const full = configs[1] ?? ''
    expect(await load(full)).toMatchObject({ stage: 'staging', protected: false, hosts: [{ name: 'stage-1' }] })
    expect(await load(full, 'production')).toMatchObject({
      protected: true,
      hosts: [{ name: 'web-1', env: { PORT: '3000' } }],
      secrets: { TOKEN: { file: join(homedir(), '.shop-token') } },
      prepare: [
        { once: false, timeout: 600_000 },
        { once: true, timeout: 1_200_000 },
      ],
      restart: [{ roles: ['web'], timeout: 60_000 }],
    })
  })
})

describe('the command line in the README', () => {
  it('has the commands of the program, in its order, and no other', () => {
    const told = table(readme, '| command | does | flags of its own |').map(([cell]) => cell?.match(/^`([a-z-]+)/)?.[1])
    expect([...told].sort()).toEqual(program.commands.map(command => command.name()).sort())
  })

  it('has every flag of the program, and no other', () => {
    const told = table(readme, '| flag | for | means |').flatMap(([cell]) => cell?.match(/(?<=`)--?[A-Za-z-]+/g) ?? [])
    const real = [program, ...program.commands].flatMap(command => [
      ...command.options.flatMap(({ long, short }) => [long, short]),
      '--help',
      '-h',
    ])
    expect([...new Set(told)].sort()).toEqual([...new Set(real)].filter(Boolean).sort())
  })

  it.each(
    table(readme, '| flag | for | means |').filter(
      ([, commands]) => /^[a-z, ]+$/.test(commands ?? '') && !/^all/.test(commands ?? ''),
    ),
  )('gives %s to %s', (cell, commands) => {
    for (const flag of cell?.match(/(?<=`)--[a-z-]+/g) ?? []) {
      const having = program.commands.filter(command => command.options.some(({ long }) => long === flag))
      const named = commands?.split(', ') ?? []
      const elsewhere = table(readme, '| flag | for | means |').filter(
        ([other]) => other !== cell && other?.includes(`\`${flag}`),
      )
      expect(having.map(command => command.name()).sort()).toEqual(
        [...named, ...elsewhere.flatMap(([, others]) => others?.split(', ') ?? [])].sort(),
      )
    }
  })

  const examples = [...blocks(readme, 'sh').join('\n').split('\n'), ...codeSpans(readme)]
    .filter(text => text.startsWith('clonedeploy '))
    .map(text => text.replace(/\s+#.*/, '').replaceAll(/\bDURATION\b/g, '10m'))

  it.each([...new Set(examples)])('understands %s', text => {
    let asked: unknown = null
    const fresh = createProgram('0', found => {
      asked = found
    })
    for (const one of [fresh, ...fresh.commands]) one.configureOutput({ writeErr: () => {}, outputError: () => {} })
    fresh.parse(text.split(/\s+/).slice(1), { from: 'user' })
    expect(asked).toMatchObject({ command: text.split(/\s+/)[1] })
  })

  it('has the exit codes of errors.ts', () => {
    const told = table(readme, '| code | means | the fleet |').flatMap(([cell]) => cell?.split(', ').map(Number) ?? [])
    const written = /type ExitCode = ([\d| ]+)/.exec(document('src/errors.ts'))?.[1]?.split('|').map(Number)
    expect(told).toEqual(written)
  })

  it('has the variables that hooks see', async () => {
    const config = await load(configs[0] ?? '')
    const host = config.hosts[0]
    if (host === undefined) throw new Error('the first config has no host')
    const served = { release: 'r2', revision: null, previous: null }
    const real = Object.keys(hookVariables(config, {}, host, '/srv/shop', served))
    const told = table(readme, '| variable | is |').flatMap(([cell]) => cell?.match(/CLONEDEPLOY_\w+/g) ?? [])
    expect(told.sort()).toEqual(real.filter(name => name.startsWith('CLONEDEPLOY_')).sort())
  })
})

describe('every document', () => {
  const examples = readdirSync(join(import.meta.dirname, '../../examples')).map(name => `examples/${name}/README.md`)
  const documents = [
    'README.md',
    'docs/protocol.md',
    'docs/serve.md',
    'docs/rollout.md',
    'docs/testing.md',
    ...examples,
  ]

  it.each(documents)('%s points at files that exist', path => {
    const links = [...document(path).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(found => found[1] ?? '')
    const base = join(import.meta.dirname, '../..', path, '..')
    expect(links.filter(link => !existsSync(join(base, link)))).toEqual([])
  })

  it('protocol.md has the exit codes of scripts', () => {
    const told = table(document('docs/protocol.md'), '| code | name |').map(([code, name]) => [
      name?.replaceAll('`', ''),
      Number(code),
    ])
    expect(Object.fromEntries(told)).toEqual({ ...codes })
  })
})

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { neededPackages } from '../support/needed-packages.js'

const root = join(import.meta.dirname, '../..')
const cli = (...args: readonly string[]) =>
  execFileSync(process.execPath, [join(root, 'bin/clonedeploy.js'), ...args], { encoding: 'utf8' })

describe('the package', () => {
  it('holds the program, its types, the schemas, the documents and the examples, and nothing else', () => {
    const said = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [{ files, size }] = JSON.parse(said) as [{ files: { path: string; mode: number }[]; size: number }]
    expect(size).toBeLessThan(1_500_000)
    const allowed = [
      /^(package\.json|(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md|LICENSE)$/,
      /^bin\/clonedeploy\.js$/,
      /^dist\/(licenses\.txt|[\w/-]+\.(js|d\.ts))$/,
      /^docs\/([\w/-]+\.md|demo\.svg)$/,
      /^schema\/(output\/)?[\w-]+\.json$/,
      /^examples\/(?!.*\.clonedeploy|.*node_modules)[\w./@-]+$/,
    ]
    expect(files.filter(({ path }) => !allowed.some(one => one.test(path)))).toEqual([])
    const paths = files.map(({ path }) => path)
    for (const path of [
      'bin/clonedeploy.js',
      'dist/cli.js',
      'dist/index.js',
      'dist/index.d.ts',
      'examples/hello/server.js',
      'schema/config.json',
      'schema/events.json',
      'schema/output/deploy.json',
      'README.md',
    ])
      expect(paths).toContain(path)
  })

  exhaustively('has a bill of materials of what is installed with it and what its bundle carries', () => {
    const said = execFileSync(process.execPath, [join(root, '.ci/sbom.js')], { encoding: 'utf8' })
    const { bomFormat, components } = JSON.parse(said) as {
      readonly bomFormat: string
      readonly components: readonly { readonly name: string; readonly purl: string }[]
    }
    expect(bomFormat).toBe('CycloneDX')
    expect(components.map(({ purl }) => purl)).toContainEqual(expect.stringMatching(/^pkg:npm\/zod@4[.]/))
    const names = components.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining([...neededPackages().map(({ name }) => name), 'commander', 'execa']))
    expect(names.filter(name => ['vitest', 'typescript', 'esbuild'].includes(name))).toEqual([])
  })

  it('gives defineConfig with its type', async () => {
    expect(readFileSync(join(root, 'dist/index.d.ts'), 'utf8')).toContain('defineConfig')
    const { defineConfig } = await import(join(root, 'dist/index.js'))
    const config = { app: 'shop' }
    expect(defineConfig(config)).toBe(config)
  })

  it('loads nothing that deploys where a configuration imports it', () => {
    const dist = join(root, 'dist')
    const files = ['index.js']
    for (const file of files)
      for (const [, next = ''] of readFileSync(join(dist, file), 'utf8').matchAll(
        /^(?:import|\}) (?:.*from )?"\.\/(.+)";$/gm,
      ))
        files.push(next)
    const size = files.reduce((sum, file) => sum + statSync(join(dist, file)).size, 0)
    expect([files.length, size < 6000]).toEqual([2, true])
  })

  it('loads nothing for S3 unless a store is opened', () => {
    const dist = join(root, 'dist')
    const loaded = new Set(readdirSync(dist).filter(file => /^(cli|main|dispatch-\w+)\.js$/.test(file)))
    for (const file of loaded)
      for (const [, next = ''] of readFileSync(join(dist, file), 'utf8').matchAll(
        /^(?:import|\}) (?:.*from )?"\.\/(.+)";$/gm,
      ))
        loaded.add(next)
    const hasIt = (file: string) => readFileSync(join(dist, file), 'utf8').includes('@aws-sdk/client-s3/')
    expect(
      [...loaded].filter(file => file.startsWith('dispatch-') || file.startsWith('chunk-')).length,
    ).toBeGreaterThan(3)
    expect([...loaded].filter(hasIt)).toEqual([])
    expect(readdirSync(dist).filter(file => file.endsWith('.js') && hasIt(file))).not.toEqual([])
  })

  it('tells its version', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(cli('--version')).toBe(`${version}\n`)
  })

  it.each([[['--help']], [[]]])('helps, called with %j', args => {
    const text = cli(...args)
    expect(text).toMatch(
      /^Usage: clonedeploy <command> \[options\]\n\nDeploy one release to every host, swap them together, and put all of them back\nif one fails\.\n/,
    )
    for (const command of [
      'deploy',
      'rollback',
      'status',
      'releases',
      'check',
      'config',
      'prune',
      'lock',
      'unlock',
      'run',
      'demo',
    ])
      expect(text).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
    if (args.length > 0) expect(text).toContain('  $ clonedeploy deploy --dry-run        show what would happen\n')
  })

  it('says in the help of deploy what a host can be left out by, and has no --only', () => {
    expect(cli('deploy', '--help')).not.toMatch(/--only|--except/)
  })
})

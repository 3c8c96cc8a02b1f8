import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { neededPackages } from '../support/needed-packages.js'

const root = join(import.meta.dirname, '../..')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const project = mkdtempSync(join(tmpdir(), 'clonedeploy-packed-'))
const installed = join(project, 'node_modules/clonedeploy')
const clonedeploy = (...args: string[]) =>
  execFileSync(process.execPath, [join(installed, 'bin/clonedeploy.js'), ...args], {
    cwd: project,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })

// As npm lays it out for a user who takes no optional packages and lets no install script run: what is not in the bundle
// and not a dependency is not there, and nothing was compiled.
describe('the package as npm lays it out', () => {
  beforeAll(() => {
    const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', project]
    const tarball = execFileSync('npm', args, { cwd: root, encoding: 'utf8' }).trim()
    mkdirSync(installed, { recursive: true })
    execFileSync('tar', ['-xzf', join(project, tarball), '-C', installed, '--strip-components=1'])
    for (const { folder } of neededPackages().filter(({ optional }) => !optional))
      cpSync(join(root, folder), join(project, folder), {
        recursive: true,
        filter: file => !/\/(crypto\/build|node_modules\/.+\/node_modules)$/.test(file),
      })
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }\n')
    writeFileSync(
      join(project, 'deploy.config.ts'),
      `import { defineConfig } from 'clonedeploy'
export default defineConfig({ app: 'shop', source: { dir: '.' }, deployTo: '/srv/shop', hosts: ['a.example'] })
`,
    )
  })
  afterAll(() => rmSync(project, { recursive: true, force: true }))

  it('runs with its dependencies alone', () => {
    expect(clonedeploy('--version')).toBe(`${version}\n`)
    expect(clonedeploy('config', '--json')).toContain('"/srv/shop"')
  })

  it('is a library that says what it finds, and writes nothing itself', () => {
    const script = `import { status } from 'clonedeploy'
const run = status({ config: { app: 'shop', deployTo: '/srv/shop', hosts: ['a.example'] }, only: ['b.example'] })
const { result, exitCode, error } = await run.outcome
console.log(JSON.stringify([result, exitCode, error.code]))
`
    writeFileSync(join(project, 'library.mjs'), script)
    const said = execFileSync(process.execPath, ['library.mjs'], { cwd: project, encoding: 'utf8' })
    expect(said).toBe('["aborted",2,"usage"]\n')
  })

  it('gives the schema of a configuration by its name', () => {
    const file = createRequire(join(project, 'package.json')).resolve('clonedeploy/schema/config.json')
    expect(JSON.parse(readFileSync(file, 'utf8')).properties).toHaveProperty('hosts')
  })

  if ('enableCompileCache' in module)
    it('keeps what Node compiled in the cache of its user, where there is one', () => {
      const { NODE_COMPILE_CACHE: _, XDG_CACHE_HOME: __, ...env } = process.env
      const home = join(project, 'home')
      const version = (HOME: string) =>
        execFileSync(process.execPath, [join(installed, 'bin/clonedeploy.js'), '--version'], {
          env: { ...env, HOME },
          encoding: 'utf8',
        })
      expect(version(home)).toBe(version('/dev/null'))
      expect(readdirSync(join(home, '.cache/clonedeploy'))).toHaveLength(1)
    })

  exhaustively('has types for a configuration', () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const types = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', 'deploy.config.ts']
    expect(execFileSync(process.execPath, [tsc, ...types], { cwd: project, encoding: 'utf8' })).toBe('')
  })

  exhaustively('has types for the library, however modules are found', () => {
    const program = `import { deploy, type RunEvent, status } from 'clonedeploy'
const run = deploy({ stage: 'production', lockWait: '10m', signal: AbortSignal.timeout(1000) })
for await (const event of run) {
  const told: RunEvent = event
  if (told.type === 'host.swap') console.log(told.host, told.ms)
}
const { result, release } = await run.outcome
const words: 'deployed' | 'unchanged' | 'aborted' | 'put-back' | 'rolled-back' | 'mixed' = result
console.log(words, release, (await status().outcome).result)
// @ts-expect-error: there is no such option
deploy({ dryrun: true })
`
    writeFileSync(join(project, 'library.ts'), program)
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const fixed = ['--noEmit', '--strict', '--target', 'es2023', '--types', 'node', '--typeRoots']
    const roots = join(root, 'node_modules/@types')
    for (const [module, resolution] of [
      ['nodenext', 'nodenext'],
      ['node16', 'node16'],
      ['esnext', 'bundler'],
    ] as const) {
      const how = [...fixed, roots, '--module', module, '--moduleResolution', resolution, 'library.ts']
      expect(execFileSync(process.execPath, [tsc, ...how], { cwd: project, encoding: 'utf8' })).toBe('')
    }
  })

  it('says on what terms it carries the code of others', () => {
    const text = readFileSync(join(installed, 'dist/licenses.txt'), 'utf8')
    for (const name of ['commander', 'zod', 'ignore'])
      expect(text).toMatch(new RegExp(`^${name} [0-9.]+ \\(MIT\\)$`, 'm'))
  })

  it('takes what an SSH connection needs along', () => {
    const config = {
      app: 'shop',
      source: { dir: 'node_modules/clonedeploy/schema' },
      deployTo: 'shop',
      hosts: { embedded: 1 },
    }
    writeFileSync(join(project, 'fleet.json'), JSON.stringify(config))
    try {
      const { result } = JSON.parse(clonedeploy('deploy', '--config', 'fleet.json', '--json'))
      expect(result).toBe('deployed')
    } finally {
      execFileSync('sh', ['.clonedeploy/fleet/stop'], { cwd: project })
    }
  })
})

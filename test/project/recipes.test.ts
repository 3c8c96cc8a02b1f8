import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { completeConfig } from '../../src/config/load/load.js'
import { configInput } from '../../src/project/answers.js'
import { guessProject } from '../../src/project/guess.js'
import { readPackage } from '../../src/project/package.js'
import { load } from '../docs/config.js'
import { blocks, document } from '../docs/markdown.js'
import { type FileText, writeFiles } from '../support/files.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'clonedeploy-recipes-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const packageOf = (dependencies: object, devDependencies: object) => ({
  'package-lock.json': '{}',
  'package.json': JSON.stringify({ scripts: { build: 'x', start: 'x' }, dependencies, devDependencies }),
})
const next = packageOf({ next: '16' }, { typescript: '5' })
const router = packageOf({ '@react-router/serve': '7' }, { '@react-router/dev': '7' })

/** The rest is what init asks a person; `besides` is what a page adds to an app for this. */
const keys = ['build', 'releaseRoot', 'include', 'writable', 'shared', 'env', 'prepare', 'restart', 'health'] as const

const rails = { Gemfile: "gem 'rails'", 'config/application.rb': '', 'config/database.yml': '', 'app/assets/x.css': '' }

it.each<readonly [page: string, files: Readonly<Record<string, FileText>>, besides: readonly string[]]>([
  ['next', { ...next, 'next.config.ts': 'export default {}', 'public/robots.txt': '' }, []],
  [
    'next-standalone',
    { ...next, 'next.config.ts': "export default {\n  output: 'standalone',\n}", 'public/x': '' },
    [],
  ],
  ['react-router', router, []],
  ['flask', { 'app.py': '', 'requirements.txt': 'flask', '.env.example': '' }, ['health']],
  ['php', { 'composer.json': '', 'public/index.php': '' }, ['health']],
  ['laravel', { artisan: '', 'composer.json': '' }, ['health']],
  ['symfony', { 'symfony.lock': '' }, ['health']],
  ['django', { 'manage.py': '' }, ['shared', 'health']],
  ['rails', rails, ['health']],
  ['sinatra', { Gemfile: "gem 'sinatra'", 'config.ru': '' }, ['health']],
])('init writes the configuration of docs/recipes/%s.md', async (page, files, besides) => {
  writeFiles(root, files)
  const { recipe, build, include, more, restart, health, from } = guessProject(root, readPackage(root))
  const answers = { app: 'shop', git: true, build, include, from, more, restart: restart?.('shop') ?? null, health }
  const where = { cwd: root, file: join(root, 'deploy.config.ts') }
  const rest = { hosts: ['web-1'], deployTo: '/srv/shop', sshConfig: null, ci: 'none' } as const
  const written = await completeConfig({ ...configInput({ ...answers, ...rest }) }, where)
  const shown = await load(blocks(document(`docs/recipes/${recipe}.md`), 'ts')[0] ?? '')
  expect(recipe).toBe(page)
  for (const key of keys.filter(key => !besides.includes(key))) expect([key, shown[key]]).toEqual([key, written[key]])
})

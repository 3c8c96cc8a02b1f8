import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeFiles } from '../support/files.js'
import { sshdIsHere } from '../support/sshd.js'
import type { Files } from './recipe.js'
import { walk } from './walk.js'

/** One package of the workspace, and two that come packed: their like lies in the registry. */
const workspace: Files = {
  'package.json': json({ name: 'acme', private: true, workspaces: ['apps/*', 'packages/*'] }),
  'apps/web/package.json': json({
    name: 'web',
    type: 'module',
    scripts: { build: 'bundle' },
    dependencies: { '@acme/greeting': '*', line: 'file:../../vendor/line-1.0.0.tgz' },
    devDependencies: { bundle: 'file:../../vendor/bundle-1.0.0.tgz' },
  }),
  'packages/greeting/package.json': json({ name: '@acme/greeting', type: 'module', exports: './greeting.js' }),
  '.gitignore': 'node_modules/\ndist/\n.env\n',
}
const packed: Files = {
  'line/package.json': json({ name: 'line', version: '1.0.0', type: 'module', exports: './line.js' }),
  'line/line.js': 'export const line = text => text + "\\n"\n',
  'bundle/package.json': json({ name: 'bundle', version: '1.0.0', bin: 'bundle.sh' }),
  'bundle/bundle.sh': { mode: 0o755, text: '#!/bin/sh\nmkdir dist && cp src/*.js dist/\n' },
}

const server = `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { greeting } from '@acme/greeting'
import { line } from 'line'
import { status } from './status.js'

const revision = readFileSync('../../REVISION', 'utf8')
mkdirSync('tmp', { recursive: true })
createServer((request, response) => {
  writeFileSync('tmp/last', request.url)
  response.statusCode = status
  response.end(request.url === '/healthz' ? revision : line(greeting))
}).listen(process.env.PORT, '127.0.0.1')
`

function json(value: object): string {
  return `${JSON.stringify(value)}\n`
}

describe.skipIf(!sshdIsHere())('docs/recipes/workspace.md', { shuffle: false }, () => {
  let folder: string
  const npm = (...args: readonly string[]) => execFileSync('npm', args, { cwd: folder, stdio: 'pipe' })
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'clonedeploy-workspace-'))
    writeFiles(folder, { ...workspace, 'vendor/': '' })
    writeFiles(folder, packed)
    npm('pack', './line', './bundle', '--pack-destination', 'vendor')
    npm('install', '--package-lock-only', '--offline')
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const made = (path: string) => ({ [path]: readFileSync(join(folder, path)) })

  const scene = walk({
    name: 'workspace',
    programs: [],
    shared: { 'apps/web/.env': 'PORT=3000\n' },
    rewrite: (text, { port }) => text.replace('/usr/bin/node', process.execPath).replace('PORT=3000', `PORT=${port}`),
    app: version => ({
      ...workspace,
      ...Object.assign({}, ...['package-lock.json', 'vendor/line-1.0.0.tgz', 'vendor/bundle-1.0.0.tgz'].map(made)),
      'apps/web/src/server.js': server,
      'apps/web/src/status.js': 'export const status = 200\n',
      'packages/greeting/greeting.js': `export const greeting = '${version}'\n`,
    }),
    broken: () => ({ 'apps/web/src/status.js': 'export const status = 500\n' }),
    writes: ['apps/web/tmp/last'],
    seamless: false,
  })

  it('has the packages of the server at its root, links to its neighbours, and none that only the build needs', () => {
    for (const { deployTo } of scene.hosts) {
      const packages = join(deployTo, 'current/node_modules')
      expect(readlinkSync(join(packages, '@acme/greeting'))).toBe('../../packages/greeting')
      expect([existsSync(join(packages, 'line')), existsSync(join(packages, 'bundle'))]).toEqual([true, false])
    }
  })
})

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { writeFiles } from '../support/files.js'
import type { Files } from './recipe.js'

/** Packages of a Node server: one that it needs, and one that only its build needs. */
const packages: Files = {
  'line/package.json': json({ name: 'line', version: '1.0.0', type: 'module', exports: './line.js' }),
  'line/line.js': 'export const line = text => text + "\\n"\n',
  'bundle/package.json': json({ name: 'bundle', version: '1.0.0', bin: 'bundle.sh' }),
  'bundle/bundle.sh': { mode: 0o755, text: '#!/bin/sh\nmkdir dist && cp src/*.js dist/\n' },
}

/** The package.json of a server below the folder `top`, where `vendor` is. */
export function packageOf(name: string, top: string, dependencies: object = {}): string {
  return json({
    name,
    type: 'module',
    scripts: { build: 'bundle' },
    dependencies: { ...dependencies, line: `file:${top}/vendor/line-1.0.0.tgz` },
    devDependencies: { bundle: `file:${top}/vendor/bundle-1.0.0.tgz` },
  })
}

/** A server that says what version.js says. */
export function serverBelow(top: string): string {
  return `import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { line } from 'line'
import { status, text } from './version.js'

const revision = readFileSync('${top}/REVISION', 'utf8')
createServer((request, response) => {
  response.writeHead(status).end(request.url === '/healthz' ? revision : line(text))
}).listen(process.env.PORT, '127.0.0.1')
`
}

/** An app with its packages, packed, and a lock file: no registry is asked for them. */
export function packedApp(app: Files): () => Files {
  let folder: string
  const npm = (...args: readonly string[]) => execFileSync('npm', args, { cwd: folder, stdio: 'pipe' })
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'clonedeploy-packed-'))
    writeFiles(folder, { ...app, ...packages, 'vendor/': '' })
    npm('pack', './line', './bundle', '--pack-destination', 'vendor')
    npm('install', '--package-lock-only', '--offline')
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const made = ['package-lock.json', 'vendor/line-1.0.0.tgz', 'vendor/bundle-1.0.0.tgz']
  return () => ({ ...app, ...Object.fromEntries(made.map(path => [path, readFileSync(join(folder, path))])) })
}

export function json(value: object): string {
  return `${JSON.stringify(value)}\n`
}

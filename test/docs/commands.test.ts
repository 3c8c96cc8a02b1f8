import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProgram } from '../../src/cli/program.js'
import { named, shellLines, wordsOf } from './command-lines.js'
import { clonedeploy } from './here.js'
import { isThere } from './markdown.js'

describe('the command line', () => {
  it.each(named)('understands %s', text => {
    let asked: unknown = null
    const fresh = createProgram('0', found => {
      asked = found
    })
    for (const one of [fresh, ...fresh.commands]) one.configureOutput({ writeErr: () => {}, outputError: () => {} })
    fresh.parse([...wordsOf(text)].slice(1), { from: 'user' })
    expect(asked).toMatchObject({ command: text.split(/\s+/)[1] })
  })
})

/** Lines that other tests run, and where: each needs more than a fleet, or is a test run itself. */
const elsewhere: Readonly<Record<string, string>> = {
  'npm run demo': 'test/embedded/demo.test.ts',
  'npm cit': '.ci/run',
  'npm ci && npm pack': 'test/e2e/packed.test.ts',
  'npm install -D ./clonedeploy-0.1.0.tgz': 'test/e2e/packed.test.ts',
  'clonedeploy init': 'test/e2e/init.test.ts',
  'clonedeploy repair --give-up web-3 --fenced --yes': 'test/e2e/give-up.test.ts',
  'clonedeploy repair --trust-host web-3': 'test/e2e/alone.test.ts',
  'clonedeploy promote production --from staging --dry-run': 'test/e2e/promote.test.ts',
  'clonedeploy promote production --from staging': 'test/e2e/promote.test.ts',
  'clonedeploy image --out image': 'test/e2e/super-clone.test.ts',
  'node bin/clonedeploy.js deploy': 'test/docs/embedded.test.ts',
  'cat .clonedeploy/fleet/*.port': 'test/docs/embedded.test.ts',
  'sh .clonedeploy/fleet/stop': 'test/docs/embedded.test.ts',
}

const lines = [...new Set(shellLines.map(({ line }) => line))]
const here = lines.filter(line => elsewhere[line] === undefined)

it('every other line of a document is run by a test that exists', () => {
  expect(Object.keys(elsewhere).filter(line => !lines.includes(line))).toEqual([])
  expect(Object.values(elsewhere).filter(path => !isThere(path))).toEqual([])
})

describe('on a fleet of three, one after the other', { shuffle: false }, () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'clonedeploy-docs-')))
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: root })
  let version = 0

  function commit(): void {
    writeFileSync(join(root, 'message.txt'), `Version ${++version}\n`)
    git('add', '-A')
    git('commit', '-qm', `Version ${version}`)
  }

  beforeAll(async () => {
    cpSync(join(import.meta.dirname, '../../examples/hello'), root, { recursive: true })
    const config = {
      app: 'hello',
      deployTo: 'hello',
      hosts: { embedded: 3 },
      shared: { dirs: ['config'] },
      restart: 'sh bin/restart.sh',
      health: { url: 'http://127.0.0.1:$APP_PORT/healthz', release: 'body' },
      logs: { file: 'shared/app.log' },
    }
    writeFileSync(join(root, 'deploy.config.json'), JSON.stringify(config))
    writeFileSync(join(root, '.gitignore'), '.clonedeploy/\n')
    git('init', '-q')
    commit()
    expect((await clonedeploy(root, 'deploy')).code).toBe(0)
  })
  afterAll(() => {
    execFileSync('sh', [join(root, '.clonedeploy/fleet/stop')])
    rmSync(root, { recursive: true, maxRetries: 10 })
  })

  it.each(here)('%s', async line => {
    const [program, ...args] = wordsOf(line)
    expect(program).toBe('clonedeploy')
    if (args[0] === 'deploy') commit()
    const { code, stdout, stderr } = await clonedeploy(root, ...args)
    expect([code, code === 0 ? '' : stdout + stderr]).toEqual([0, ''])
    if (args[0] === 'lock') await unlock()
  })

  async function unlock(): Promise<void> {
    const { lock } = JSON.parse((await clonedeploy(root, 'status', '--json')).stdout)
    expect((await clonedeploy(root, 'unlock', '--tx', lock.tx)).code).toBe(0)
  }
})

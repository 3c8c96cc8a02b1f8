import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { commit, git } from '../artifact/repositories.js'
import { runHere } from '../support/here.js'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'clonedeploy-kept-')))
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }))

const run = (line: string) => runHere(line.split(' '), { cwd: root, env: { USER: 'anna' } })
const deployed = (path: string) => readFileSync(join(root, '.clonedeploy/fleet/web-1/shop/current', path), 'utf8')

it('a deploy of a change that touches no dependency installs none, and says so, as its dry run did', async () => {
  const install = 'mkdir node_modules && cp lock node_modules/dep'
  const config = {
    app: 'shop',
    build: { run: [install, 'cat app.js node_modules/dep >out'], cache: { paths: ['node_modules'], key: 'lock' } },
    deployTo: 'shop',
    hosts: { embedded: 1 },
  }
  git(root, 'init', '--quiet')
  const ignored = '.clonedeploy\nnode_modules\nout\n'
  commit(root, { 'deploy.config.json': JSON.stringify(config), lock: 'l', 'app.js': '1', '.gitignore': ignored })
  expect((await run('deploy --quiet')).code).toBe(0)
  commit(root, { 'app.js': '2' })
  const kept = /not run: node_modules is kept, made of the same files/
  expect((await run('deploy --dry-run')).stdout).toMatch(kept)
  expect((await run('deploy --dry-run --no-cache')).stdout).not.toMatch(kept)
  const { code, stderr } = await run('deploy')
  expect([code, stderr]).toEqual([0, expect.stringMatching(kept)])
  expect([deployed('out'), deployed('node_modules/dep')]).toEqual(['2l', 'l'])
})

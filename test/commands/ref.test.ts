import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { jsonProject } from '../config/project.js'
import { runHere } from '../support/here.js'

const hosts = [{ name: 'web-1', host: '127.0.0.1', port: 1 }]

it.each([
  { build: [] },
  { build: ['npm run build'] },
])('a ref that there is not is told before any host is contacted: $build', async ({ build }) => {
  const config = { app: 'shop', deployTo: '/srv/shop', hosts, build, source: { git: '.' } }
  const cwd = await jsonProject(config)
  execFileSync('git', ['init', '-q', '-b', 'main'], { cwd })
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-qm', 'x', '--allow-empty'], {
    cwd,
  })
  const { code, stderr } = await runHere(['deploy', '--ref', 'maim'], { cwd, env: {} })
  expect(code).toBe(3)
  expect(stderr).toContain(`✖ there is no commit "maim" in ${cwd}`)
  expect(stderr).not.toContain('web-1')
})

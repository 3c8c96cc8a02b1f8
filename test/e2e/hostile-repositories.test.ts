import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { git } from '../artifact/repositories.js'
import { hostileRepositories } from '../support/hostile-repositories.js'
import { runIn } from '../support/project.js'

let dir: string
let outside: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'clonedeploy-checkout-'))
  outside = mkdtempSync(join(tmpdir(), 'clonedeploy-outside-'))
  git(dir, 'init', '--quiet')
  writeFileSync(join(dir, 'a'), 'a\n')
  git(dir, 'add', 'a')
  git(dir, 'commit', '--quiet', '--message', 'first')
})
afterEach(() => {
  // It may hold paths that are too long to be named.
  execFileSync('rm', ['-rf', dir, outside])
})

const basics = { app: 'shop', deployTo: '/srv/shop', hosts: ['web-1'] }
const configure = (config: object) =>
  writeFileSync(join(dir, 'deploy.config.json'), JSON.stringify({ ...basics, ...config }))

describe('a checkout that somebody else filled', () => {
  it.each(hostileRepositories)('with $name runs nothing', async ({ fill, code, says }) => {
    const sign = join(outside, 'ran')
    const canary = join(outside, 'canary')
    writeFileSync(canary, `#!/bin/sh\necho "$@" >>${sign}\nexit 1\n`, { mode: 0o755 })
    configure(fill(dir, canary))
    rmSync(sign, { force: true })
    for (const args of ['config', '--help', 'completion bash']) await runIn(dir, args)
    const dry = await runIn(dir, 'deploy --dry-run --offline')
    expect({ code: dry.code, said: dry.stdout + dry.stderr }).toEqual({ code, said: expect.stringContaining(says) })
    expect(existsSync(sign)).toBe(false)
    if (existsSync(join(dir, 'victim'))) expect(existsSync(join(dir, 'victim/precious'))).toBe(true)
  })

  const secret = 'TOKEN=hunter2'
  it.each([
    ['the config', (to: string) => symlinkSync(to, join(dir, 'deploy.config.json'))],
    [
      'the hosts file',
      (to: string) => {
        symlinkSync(to, join(dir, 'hosts.json'))
        configure({ hosts: './hosts.json' })
      },
    ],
    ['the path of the hosts file', (to: string) => configure({ hosts: to })],
  ])('never has what %s leads to shown', async (_, link) => {
    for (const text of [secret, `"${secret}"`, `["${secret}"]`, `[{"${secret}": "${secret}"}]`]) {
      const file = join(outside, 'secret.json')
      writeFileSync(file, text)
      rmSync(join(dir, 'hosts.json'), { force: true })
      rmSync(join(dir, 'deploy.config.json'), { force: true })
      link(file)
      for (const args of ['config', 'config --json', 'deploy --dry-run --offline']) {
        const { code, stdout, stderr } = await runIn(dir, args)
        expect([code, stdout + stderr]).toEqual([2, expect.stringContaining('lies outside of the project')])
        expect(stdout + stderr).not.toMatch(/hunter2|TOKEN/)
      }
    }
  })

  it('cannot have this program read what has no end', async () => {
    symlinkSync('/dev/zero', join(dir, 'hosts.json'))
    configure({ hosts: './hosts.json' })
    expect((await runIn(dir, 'config')).stderr).toContain('hosts.json is no file')
  })
})

import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { both, onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('what CI built', () => {
  const here = onFleet({ hosts: both.length })
  const tar = (...more: readonly string[]) =>
    execFileSync('tar', ['-czf', 'app.tgz', '-C', 'app', ...more, '.'], { cwd: here.project.root })
  const configure = (more: object = {}) => here.project.configure({ source: { artifact: 'app.tgz' }, ...more })

  it('is deployed with the digest of the same folder, and named by dry run, releases and status', async () => {
    const { project } = here
    const { digest } = (await project.run('deploy --json')).json()
    project.write({ 'app/version': 'two\n' })
    tar('--mtime=2001-01-01', '--owner=7')
    configure()
    const dry = (await project.run('deploy --dry-run --json')).json()
    expect(dry).toMatchObject({ exitCode: 0, origin: { artifact: 'app.tgz' } })
    expect((await project.run('deploy --dry-run')).stdout).toContain('\n  artifact app.tgz\n')
    const ended = (await project.run('deploy --json')).json()
    expect(both.map(i => textOf(project.on(i, 'current/version')).trim())).toEqual(['two', 'two'])
    expect(ended.digest).not.toBe(digest)
    const releases = (await project.run('releases --json')).json().releases
    expect(releases.map((one: { origin: unknown }) => one.origin)).toEqual([{ artifact: 'app.tgz' }, null])
    expect((await project.run('releases')).stdout).toContain('current on all 2 hosts   artifact app.tgz\n')
    expect((await project.run('status --json')).json().origin).toEqual({ artifact: 'app.tgz' })
    expect((await project.run('status')).stdout).toContain(`  from   ${ended.release}: artifact app.tgz\n`)
    configure({ source: { dir: 'app' } })
    expect((await project.run('deploy --json')).json()).toMatchObject({ result: 'unchanged', digest: ended.digest })
  })

  it('is refused before any host is changed, with the name of what is wrong in it', async () => {
    const { project } = here
    project.write({ 'app/bin/su': { mode: 0o755, text: '#!/bin/sh\n' } })
    execFileSync('chmod', ['u+s', 'app/bin/su'], { cwd: project.root })
    tar()
    configure()
    for (const command of ['deploy', 'deploy --dry-run', 'deploy --dry-run --offline']) {
      const { code, stderr } = await project.run(command)
      expect(code).toBe(3)
      expect(stderr).toContain('the artifact app.tgz holds what no release may hold')
      expect(stderr).toContain('./bin/su is setuid')
    }
    expect(both.flatMap(i => project.releases(i))).toEqual([])
  })

  it('a host that lacks its release gets it by repair, and still says where it comes from', async () => {
    const { project } = here
    tar()
    configure()
    const { release } = (await project.run('deploy --json')).json()
    execFileSync('rm', ['-rf', project.on(2, 'current'), project.on(2, 'releases'), project.on(2, '.clonedeploy')])
    expect((await project.run('repair')).code).toBe(0)
    expect(project.current(2)).toBe(`releases/${release}`)
    const seal = textOf(project.on(2, '.clonedeploy/manifests', `${release}.seal`))
    expect(JSON.parse(seal.split('\n')[0] ?? '').origin).toEqual({ artifact: 'app.tgz' })
  })
})

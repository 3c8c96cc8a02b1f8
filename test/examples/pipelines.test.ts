import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createProgram } from '../../src/program.js'
import { document } from '../docs/markdown.js'
import { reconfigure, startExample } from '../support/example.js'
import type { Json, Project } from '../support/project.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'

const program = join(import.meta.dirname, '../../bin/clonedeploy.js')
const github: Json = parse(document('examples/github-actions/deploy.yml'))
const gitlab: Json = parse(document('examples/gitlab-ci/.gitlab-ci.yml'))

/** What the jobs run, a shell each: steps of GitHub, the whole script of GitLab. */
const pipelines = {
  'github-actions': { check: steps(github.jobs.check), deploy: steps(github.jobs.deploy) },
  'gitlab-ci': { check: [gitlab.check.script.join('\n')], deploy: [gitlab.deploy.script.join('\n')] },
}

function steps(job: Json): string[] {
  return job.steps.flatMap(({ run }: Json) => run ?? [])
}

describe('examples/github-actions', () => {
  it('lets the token read the code, and nothing else', () => {
    expect(github.permissions).toEqual({ contents: 'read' })
    const jobs: Json[] = Object.values(github.jobs)
    expect(jobs.filter(({ permissions }) => permissions !== undefined)).toEqual([])
    const checkouts = jobs.flatMap(({ steps }) =>
      steps.filter(({ uses }: Json) => uses?.startsWith('actions/checkout')),
    )
    expect(checkouts.map((step: Json) => step.with['persist-credentials'])).toEqual([false, false])
  })

  it('gives a pull request no secret and no environment', () => {
    expect(github.jobs.check).toMatchObject({ if: "github.event_name == 'pull_request'" })
    expect(JSON.stringify(github.jobs.check)).not.toMatch(/secrets\.|environment/)
    expect(Object.keys(github.on)).not.toContain('pull_request_target')
  })

  it('deploys pushes to main, one after the other, none stopped half-way', () => {
    expect(github.on.push).toEqual({ branches: ['main'] })
    expect(github.jobs.deploy).toMatchObject({
      if: "github.event_name == 'push'",
      environment: 'production',
      concurrency: { 'cancel-in-progress': false },
    })
  })
})

describe('examples/gitlab-ci', () => {
  it('gives a merge request no environment', () => {
    expect(gitlab.check.rules).toEqual([{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }])
    expect(JSON.stringify(gitlab.check)).not.toMatch(/SSH_KEY|environment/)
  })

  it('deploys pushes to the default branch, one after the other, none stopped half-way', () => {
    expect(gitlab.deploy.rules).toHaveLength(1)
    expect(gitlab.deploy.rules[0].if).toContain('$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH')
    expect(gitlab.deploy).toMatchObject({ resource_group: 'production', interruptible: false })
    expect(gitlab.stages).toEqual([gitlab.check.stage, gitlab.deploy.stage])
  })
})

describe.each(Object.entries(pipelines))('the commands of examples/%s', (_, { check, deploy }) => {
  const commands = [...check, ...deploy].join('\n').match(/(?<=npx clonedeploy ).*/g) ?? []

  it.each(commands)('clonedeploy %s is understood', text => {
    let asked: unknown = null
    createProgram('0', found => {
      asked = found
    }).parse(text.replaceAll('"', '').split(' '), { from: 'user' })
    expect(asked).toMatchObject({ command: 'deploy', flags: { stage: 'production' } })
  })

  it('are two', () => expect(commands).toHaveLength(2))
})

describe.skipIf(!sshdIsHere())('run as in a pipeline', () => {
  let fleet: TestFleet
  let project: Project
  const ci = Object.entries(pipelines)

  beforeAll(async () => {
    fleet = await startFleet({ hosts: 2 })
    project = await startExample('github-actions', fleet)
    const hosts = [1, 2].map(i => ({ ...pinned(i), deployTo: project.on(i) }))
    const restart = 'test "$DB_URL" = postgres://db'
    const changes = `hosts: ${JSON.stringify(hosts)}, restart: '${restart}', ssh: { configFile: 'ssh_config' }`
    reconfigure(project, fleet, join(project.root, 'deploy.config.ts'), changes)
    project.write({
      'package.json': '{ "name": "shop", "scripts": { "build": "mkdir -p dist && cp server.js dist" } }',
      'package-lock.json': '{ "name": "shop", "lockfileVersion": 3, "packages": { "": { "name": "shop" } } }',
      '.gitignore': '.clonedeploy/\nnode_modules/\ndist/\n',
      ssh_config: '',
      // What npm puts there when clonedeploy is among the devDependencies.
      'node_modules/.bin/clonedeploy': { mode: 0o755, text: `#!/bin/sh\nexec node ${program} "$@"\n` },
    })
    project.git('init', '-q')
  })
  afterAll(async () => {
    project?.remove()
    await fleet?.stop()
  })

  /** A host as the example has it: with the fingerprint of its key, and nothing in a known_hosts file. */
  function pinned(i: number) {
    const { username } = userInfo()
    const hostKey = execFileSync('ssh-keygen', ['-lf', fleet.hostKeyFile(i)], { encoding: 'utf8' }).split(' ')[1]
    return { name: `h${i}`, host: '127.0.0.1', port: fleet.port(i), user: username, hostKey }
  }

  function commit(version: string): string {
    project.write({ 'server.js': `// ${version}\n` })
    project.git('add', '-A')
    project.git('commit', '-qm', version)
    return project.git('rev-parse', 'HEAD').trim()
  }

  /** `npm ci` would ask the registry for clonedeploy: it is there already. */
  function shell(scripts: readonly string[], more: Readonly<Record<string, string>> = {}) {
    const { PATH = '', HOME = '' } = process.env
    const script = scripts.map(text => text.replace(/^npm ci$/m, 'true')).join('\n')
    const options = { cwd: project.root, env: { PATH, HOME, CI: 'true', ...more }, encoding: 'utf8' } as const
    return spawnSync('bash', ['-eo', 'pipefail', '-c', script], options)
  }

  it.each(ci)('%s plans without a key, a secret and a host', (name, { check }) => {
    commit(`${name}, a change`)
    const { status, stdout, stderr } = shell(check)
    expect([status, status === 0 ? '' : stderr]).toEqual([0, ''])
    expect(stdout).toContain('hosts were not contacted')
  })

  it.each(ci)('%s deploys with the key of the job, and leaves no agent behind', (name, { deploy }) => {
    const revision = commit(`${name}, merged`)
    const key = readFileSync(fleet.identityFile, 'utf8')
    project.write({ '.clonedeploy/key': { mode: 0o666, text: key } })
    const secrets = name === 'gitlab-ci' ? { SSH_KEY: join(project.root, '.clonedeploy/key') } : { SSH_KEY: key }
    const pushed = { GITHUB_SHA: revision, CI_COMMIT_SHA: revision, DB_URL: 'postgres://db' }
    const { status, stdout, stderr } = shell(deploy, { ...secrets, ...pushed })
    expect([status, status === 0 ? '' : stderr]).toEqual([0, ''])
    for (const i of [1, 2])
      expect(readFileSync(project.on(i, 'current/dist/server.js'), 'utf8')).toBe(`// ${name}, merged\n`)
    const agent = Number(/Agent pid (\d+)/.exec(stdout)?.[1])
    expect(stdout).toContain(`Agent pid ${agent} killed`)
    expect(readFileSync(project.on(1, 'current/REVISION'), 'utf8').trim()).toBe(revision)
  })
})

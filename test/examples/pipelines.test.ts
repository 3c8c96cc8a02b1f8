import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createProgram } from '../../src/cli/program.js'
import { document } from '../docs/markdown.js'
import { reconfigure, startExample } from '../support/example.js'
import type { Json, Project } from '../support/project.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'
import { tried } from '../support/tier.js'

const program = join(import.meta.dirname, '../../bin/clonedeploy.js')
const github: Json = parse(document('examples/github-actions/deploy.yml'))
const gitlab: Json = parse(document('examples/gitlab-ci/.gitlab-ci.yml'))

/** What the jobs run, a shell each: the steps of GitHub; of GitLab all that comes before the end, and what is run afterwards. */
const pipelines = {
  'github-actions': { check: steps(github.jobs.check), deploy: steps(github.jobs.deploy) },
  'gitlab-ci': { check: shells(gitlab.check), deploy: shells(gitlab.deploy) },
}

interface Shell {
  readonly text: string
  /** Whether it is run although one before it has failed. */
  readonly always: boolean
}

function steps(job: Json): Shell[] {
  return job.steps.flatMap(({ run, if: condition = '' }: Json) =>
    run === undefined ? [] : [{ text: run, always: condition.startsWith('always()') }],
  )
}

function shells({ before_script = [], script, after_script = [] }: Json): Shell[] {
  return [
    { text: [...before_script, ...script].join('\n'), always: false },
    { text: after_script.join('\n'), always: true },
  ]
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
      concurrency: { group: 'deploy-production', 'cancel-in-progress': false },
    })
  })

  it('lets no pull request take the place of a deploy that waits: only the deploy is in that queue', () => {
    expect(github.concurrency).toBeUndefined()
    expect(github.jobs.check.concurrency).toBeUndefined()
  })

  it('ends in time, and names every action by its commit', () => {
    const jobs: Json[] = Object.values(github.jobs)
    expect(jobs.map(job => job['timeout-minutes'])).toEqual([15, 30])
    const uses = jobs.flatMap(job => job.steps.flatMap((step: Json) => step.uses ?? []))
    expect(uses).toHaveLength(4)
    for (const action of uses) expect(action).toMatch(/^actions\/[\w-]+@[0-9a-f]{40}$/)
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
  const all = [...check, ...deploy].map(({ text }) => text)
  const commands = all.join('\n').match(/(?<=node_modules\/.bin\/clonedeploy ).*/g) ?? []

  it.each(commands)('clonedeploy %s is understood', text => {
    let asked: unknown = null
    createProgram('0', found => {
      asked = found
    }).parse(text.replaceAll('"', '').split(' '), { from: 'user' })
    expect(asked).toMatchObject({ command: 'deploy', flags: { stage: 'production' } })
  })

  it('are two, and take the place of their shells', () => {
    expect(commands).toHaveLength(2)
    const lasts = all.filter(text => text.includes('clonedeploy ')).map(text => text.trimEnd().split('\n').at(-1))
    expect(lasts.every(line => line?.startsWith('exec node_modules/.bin/clonedeploy '))).toBe(true)
  })
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
  function job(shells: readonly Shell[], more: Readonly<Record<string, string>> = {}) {
    const { PATH = '', HOME = '' } = process.env
    const file = join(project.root, '.clonedeploy/github-env')
    project.write({ '.clonedeploy/github-env': '' })
    const env = { PATH, HOME, CI: 'true', GITHUB_ENV: file, CI_PROJECT_DIR: project.root, ...more }
    const told = { status: 0 as number | null, stdout: '', stderr: '' }
    for (const { text, always } of shells) {
      if (told.status !== 0 && !always) continue
      const handed = Object.fromEntries(
        readFileSync(file, 'utf8')
          .split('\n')
          .filter(line => line !== '')
          .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      )
      const options = { cwd: project.root, env: { ...env, ...handed }, encoding: 'utf8' } as const
      const ended = spawnSync('bash', ['-eo', 'pipefail', '-c', text.replace(/^npm ci$/m, 'true')], options)
      told.stdout += ended.stdout
      told.stderr += ended.stderr
      if (told.status === 0) told.status = ended.status
    }
    return told
  }

  it.each(ci)('%s plans without a key, a secret and a host', (name, { check }) => {
    commit(`${name}, a change`)
    const { status, stdout, stderr } = job(check.filter(({ always }) => !always))
    expect([status, status === 0 ? '' : stderr]).toEqual([0, ''])
    expect(stdout).toContain('hosts were not contacted')
  })

  it.each(tried(ci, (_, i) => i === 0))('%s deploys with the key of the job, and leaves no agent behind', (name, {
    deploy,
  }) => {
    const revision = commit(`${name}, merged`)
    const key = readFileSync(fleet.identityFile, 'utf8')
    project.write({ '.clonedeploy/key': { mode: 0o666, text: key } })
    const secrets = name === 'gitlab-ci' ? { SSH_KEY: join(project.root, '.clonedeploy/key') } : { SSH_KEY: key }
    const pushed = { GITHUB_SHA: revision, CI_COMMIT_SHA: revision, DB_URL: 'postgres://db' }
    const { status, stdout, stderr } = job(deploy, { ...secrets, ...pushed })
    expect([status, status === 0 ? '' : stderr]).toEqual([0, ''])
    for (const i of [1, 2])
      expect(readFileSync(project.on(i, 'current/dist/server.js'), 'utf8')).toBe(`// ${name}, merged\n`)
    expect(stdout).toMatch(/Agent pid \d+ killed/)
    expect(readFileSync(project.on(1, 'current/REVISION'), 'utf8').trim()).toBe(revision)
  })
})

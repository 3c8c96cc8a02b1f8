import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { writeFiles } from '../support/files.js'
import { blocks, document } from './markdown.js'

const [field = '', github = '', sentry = '', grafana = '', datadog = ''] = blocks(
  document('docs/recipes/deployment-events.md'),
  'bash',
)
const release = '20261123-183045-7a6ae02'
const commit = '7a6ae02d0c5bd6ef2a4f2c9a1d2b0f1e3c4d5e6f'
const auth = (token: string) => `Authorization: Bearer ${token}`

/** Writes down what it is given, a line of JSON for each call, and answers like the service. */
const curl = `#!${process.execPath}
require('fs').appendFileSync('calls', JSON.stringify(process.argv.slice(2)) + '\\n')
if (process.env.AWAY) process.exit(22)
console.log('{"id": 42}')
`

describe('deployment-events.md', () => {
  const root = mkdtempSync(join(tmpdir(), 'clonedeploy-events-'))
  const bin = join(root, 'bin')
  afterAll(() => rmSync(root, { recursive: true }))
  beforeEach(() => rmSync(join(root, 'calls'), { force: true }))

  /** The script of a recipe, with a deploy that ends like this. */
  function run(script: string, ended: { readonly result: string; readonly exitCode: number }, env = {}) {
    const outcome = JSON.stringify({ v: 1, release, ...ended })
    mkdirSync(bin, { recursive: true })
    writeFiles(bin, {
      curl,
      npx: `#!/bin/sh\n[ "$*" = "clonedeploy deploy production --json" ] || exit 99\necho '${outcome}'\nexit ${ended.exitCode}\n`,
      git: `#!/bin/sh\n[ "$*" = "rev-parse HEAD" ] && echo ${commit}\n`,
    })
    for (const name of ['curl', 'npx', 'git']) chmodSync(join(bin, name), 0o755)
    const { status, stderr } = spawnSync('bash', ['-e', '-c', `${field}\n${script}`], {
      cwd: root,
      encoding: 'utf8',
      env: {
        PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`,
        GITHUB_REPOSITORY: 'acme/shop',
        GITHUB_TOKEN: 'g1',
        SENTRY_AUTH_TOKEN: 's1',
        GRAFANA_URL: 'https://grafana.example.com',
        GRAFANA_TOKEN: 'f1',
        DD_API_KEY: 'd1',
        ...env,
      },
    })
    const calls = readFileSync(join(root, 'calls'), 'utf8').trim().split('\n').map(asked)
    return { status, stderr, calls }
  }

  function asked(line: string) {
    const args = JSON.parse(line) as string[]
    const given = (flag: string) => args.flatMap((one, i) => (args[i - 1] === flag ? [one] : []))
    const [body = ''] = given('-d')
    return { url: args.find(one => one.startsWith('https://')), headers: given('-H'), body: JSON.parse(body) }
  }

  const well = { result: 'deployed', exitCode: 0 }
  const back = { result: 'put-back', exitCode: 5 }

  it('makes a deployment on GitHub, and says how it goes', () => {
    const api = 'https://api.github.com/repos/acme/shop/deployments'
    const said = (ended: typeof well) => run(github, ended)
    const { status, calls } = said(well)
    expect(status).toBe(0)
    expect(calls.map(({ url, body }) => [url, body])).toEqual([
      [api, { ref: commit, environment: 'production', auto_merge: false, required_contexts: [] }],
      [`${api}/42/statuses`, { state: 'in_progress' }],
      [`${api}/42/statuses`, { state: 'success', description: `deployed ${release}` }],
    ])
    for (const { headers } of calls)
      expect(headers).toEqual([auth('g1'), 'Accept: application/vnd.github+json', 'X-GitHub-Api-Version: 2022-11-28'])
    rmSync(join(root, 'calls'))
    const failed = said(back)
    expect(failed.status).toBe(5)
    expect(failed.calls.at(-1)?.body).toEqual({ state: 'failure', description: `put-back ${release}` })
  })

  it('makes a release in Sentry, and says where it was deployed, if it was', () => {
    const api = 'https://sentry.io/api/0/organizations/acme/releases'
    const headers = [auth('s1'), 'Content-Type: application/json']
    const { status, calls } = run(sentry, well)
    expect([status, calls]).toEqual([
      0,
      [
        { url: `${api}/`, headers, body: { version: commit, projects: ['shop'] } },
        { url: `${api}/${commit}/deploys/`, headers, body: { environment: 'production', name: release } },
      ],
    ])
  })

  it('marks the time of a deploy in Grafana', () => {
    const { status, calls } = run(grafana, back)
    const [call] = calls
    const tags = ['deploy', 'shop', 'production', 'put-back']
    const time = { time: expect.any(Number), timeEnd: expect.any(Number) }
    expect([status, calls.length, call]).toEqual([
      5,
      1,
      {
        url: 'https://grafana.example.com/api/annotations',
        headers: [auth('f1'), 'Content-Type: application/json'],
        body: { ...time, tags, text: `put-back ${release}` },
      },
    ])
    expect(Math.abs(call?.body.time - Date.now())).toBeLessThan(600_000)
  })

  it('sends an event to Datadog', () => {
    const { status, calls } = run(datadog, back)
    expect([status, calls]).toEqual([
      5,
      [
        {
          url: 'https://api.datadoghq.com/api/v1/events',
          headers: ['DD-API-KEY: d1', 'Content-Type: application/json'],
          body: {
            title: 'shop: put-back',
            text: `${release} on production, exit code 5`,
            alert_type: 'error',
            aggregation_key: 'deploy-shop-production',
            tags: ['service:shop', 'env:production'],
          },
        },
      ],
    ])
  })

  it.each([
    ['GitHub', github],
    ['Sentry', sentry],
    ['Grafana', grafana],
    ['Datadog', datadog],
  ])('fails no deploy because %s was not told', (name, script) => {
    const { status, stderr } = run(script, well, { AWAY: '1' })
    expect([status, stderr]).toEqual([0, expect.stringContaining(`${name} was not told`)])
  })
})

import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { odd, plain, rails } from '../project/capistrano/projects.js'
import { writeFiles } from '../support/files.js'
import { runHere } from '../support/here.js'

describe('init --from-capistrano', () => {
  let root: string
  const run = (line: string) => runHere(line.split(' '), { cwd: root, env: {} })
  const init = (more = '') => run(`init --from-capistrano --yes --no-check${more}`)
  const config = () => readFileSync(join(root, 'deploy.config.ts'), 'utf8')
  const settled = async (stage = '') => JSON.parse((await run(`config --json${stage}`)).stdout)

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'clonedeploy-cap-')))
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  it('writes what the files say, and lists nothing where all of it was taken', async () => {
    writeFiles(root, plain)
    const { code, stdout } = await init()
    expect([code, stdout]).toEqual([
      0,
      `Wrote deploy.config.ts  .deployignore
What this project is built with was not recognised: say its build, what of it is released and what restarts it.
Read as text, and run by nobody: Capfile, config/deploy.rb, config/deploy/production.rb.
The releases, shared/ and current of Capistrano are taken over as they are. Deploy with one of the two only: docs/migrating.md of clonedeploy.
No host was contacted.
Next: clonedeploy check  →  clonedeploy deploy --dry-run
`,
    ])
    expect(config()).toBe(`import { defineConfig } from 'clonedeploy'

export default defineConfig({
  app: 'shop',

  // A clean checkout of this repository: what is not pushed to it is not deployed. Another commit: --ref.
  source: { git: 'git@example.com:acme/shop.git', ref: 'main' },

  // As for ssh: an alias of your ssh config, or user@host:port.
  hosts: [
    { host: 'web-1.example.com', user: 'deploy', roles: ['app', 'db', 'web'] },
    { host: 'web-2.example.com', user: 'deploy', roles: ['app', 'web', 'worker'] },
    { host: '10.0.0.9', user: 'jobs', port: 2222, roles: ['worker'] },
  ],
  deployTo: '/var/www/shop',
  keepReleases: 7,

  // What belongs to a host and outlives releases, linked from shared/ into each of them:
  shared: {
    dirs: ['log', 'tmp/pids', 'tmp/cache', 'public/system'],
    files: ['config/database.yml', 'config/master.key'],
  },

  env: { RACK_ENV: 'production', Path_style: 'a b' },

  // What makes the app serve what \`current\` points at; or a command:
  // restart: { systemd: 'shop' },

  // Asked on each host: unless all are well in time, all of them go back.
  // health: { url: 'http://127.0.0.1:3000/healthz' },
})
`)
    expect(await settled()).toMatchObject({ exitCode: 0, stage: 'production' })
  })

  it('writes each stage, which loads, and names the rest by file and line', async () => {
    writeFiles(root, rails)
    const { code, stdout } = await init()
    expect(code).toBe(0)
    expect(stdout).toContain('Name the stage after a command: production, qa-1.\n')
    expect(stdout).toContain('prepare reads .env, which Capistrano did not link')
    expect(stdout).toMatch(/\n {2}Capfile:6 +capistrano\/rbenv: the version is for the hosts/)
    expect(stdout).not.toContain('do-not-print')
    expect(config()).toContain("    'qa-1': {\n")
    expect(config()).not.toContain('do-not-print')
    expect(config()).toContain("shared: { dirs: ['log', 'tmp'], files: ['config/master.key', '.env'] },")
    expect(await settled(' --stage production')).toMatchObject({ exitCode: 0, stage: 'production' })
    expect(await settled(' --stage qa-1')).toMatchObject({ exitCode: 0, stage: 'qa-1' })
  })

  it('takes what flags say instead, and says in JSON what was left', async () => {
    writeFiles(root, odd)
    const { code, stdout } = await init(' --json --app other --host web-9 --path /srv/other')
    expect(code).toBe(0)
    const { capistrano } = JSON.parse(stdout)
    expect(capistrano.read).toEqual(['config/deploy.rb'])
    expect(capistrano.left).toContainEqual({
      file: 'config/deploy.rb',
      line: 7,
      what: 'set :branch',
      instead: 'is Ruby code, which is not run here',
    })
    expect(config()).toMatch(/app: 'other',[\s\S]*hosts: \['web-9'\],\n {2}deployTo: '\/srv\/other',/)
    expect(await settled()).toMatchObject({ exitCode: 0 })
  })

  it('puts the Passenger of Capistrano into restart', async () => {
    writeFiles(root, { ...plain, Capfile: "require 'capistrano/passenger'\n" })
    expect((await init()).code).toBe(0)
    expect(config()).toContain("restart: { touch: 'tmp/restart.txt' },")
  })

  it.each([
    ['nothing of Capistrano', {}, '', 'there is no config/deploy.rb'],
    ['no host', { 'config/deploy.rb': "set :application, 'shop'\n" }, '', '--host HOST'],
    ['a folder that is code', { 'config/deploy.rb': "server 'a'\nset :deploy_to, x\n" }, '', 'config/deploy.rb:2'],
    ['hosts for several stages', rails, ' --host web-1', '--host goes with one stage'],
    ['a workflow for several stages', rails, ' --ci github', '--ci github goes with one stage'],
    ['a file that is too large', { 'config/deploy.rb': '#'.repeat(300_000) }, '', 'larger than 256 KB'],
  ] as const)('refuses %s, and writes nothing', async (_, files, flags, reason) => {
    writeFiles(root, files)
    const { code, stderr } = await init(flags)
    expect([code, stderr]).toEqual([2, expect.stringContaining(reason)])
    expect(() => config()).toThrow()
  })

  it('overwrites no configuration', async () => {
    writeFiles(root, plain)
    writeFileSync(join(root, 'deploy.config.ts'), 'mine')
    const { code, stderr } = await init()
    expect([code, stderr]).toEqual([2, expect.stringContaining('--force overwrites it')])
    expect(config()).toBe('mine')
  })

  it('writes foreign text as text, and shows none of its control characters', async () => {
    const text = `set :application, 'shop'
set :deploy_to, "/srv/#{'x'}'}) ; process.exit(9) //"
set :repo_url, "\u001b[31m'\u2028 + process.exit(9)"
server 'a'
task "\u001b[31mred" do
end
`
    writeFiles(root, { 'config/deploy.rb': text })
    const { code, stdout } = await init()
    expect(code).toBe(0)
    expect(stdout).not.toContain('\u001b')
    expect(stdout).toContain('task \\x1b[31mred')
    expect(await settled()).toMatchObject({ exitCode: 0 })
    expect(config()).toContain(`deployTo: "/srv/x'}) ; process.exit(9) //"`)
  })
})

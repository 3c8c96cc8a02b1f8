import { describe, expect, it } from 'vitest'
import { configJson, describeConfig } from '../../src/config/describe.js'
import { loadConfig } from '../../src/config/load/load.js'
import { jsonProject, minimal } from './project.js'

const full = {
  app: 'shop',
  source: { git: 'git@example.com:shop.git', ref: 'main', subdir: 'apps/web', submodules: true },
  build: ['npm ci', 'npm run build'],
  include: ['dist', 'package.json'],
  deployTo: '/srv/shop',
  hosts: [
    'web-1',
    { name: 'web-22', host: '::1', port: 2222, user: 'deploy', jump: 'bastion', roles: ['web', 'cron'] },
  ],
  shared: { dirs: ['uploads'], files: ['.env'] },
  env: { NODE_ENV: 'production', GREETING: 'good day\n' },
  secrets: { A: { env: 'MY_A' }, B: { cmd: 'op read x' }, C: { file: '/etc/c' } },
  prepare: ['npm run check', { run: 'npm run migrate\nnpm run seed', once: true }],
  restart: { run: 'sudo systemctl restart shop', roles: ['web'] },
  health: [
    { url: 'http://127.0.0.1:3000/healthz', release: 'body', contains: 'ok' },
    { run: 'pgrep shop', roles: ['cron'] },
    { same: ['/', '/api'] },
  ],
  audit: {
    ignore: ['log/**'],
    sessions: ['/var/lib/shop'],
    ask: ['http://127.0.0.1/'],
    login: {
      request: { url: 'http://127.0.0.1/login', form: { password: 'hunter2' } },
      page: 'http://127.0.0.1/',
      expect: 'anna',
    },
  },
  runtime: ['node --version', { run: 'php -v', roles: ['web'] }],
  relay: { seeds: 2 },
  store: { s3: { bucket: 'acme', prefix: 'shop', region: 'eu-central-1' } },
  sign: { key: '/keys/sign' },
  allowedSigners: 'allowed_signers',
  notify: [
    { url: { env: 'SLACK_URL' } },
    { url: { file: '/etc/hook' }, as: 'discord', on: ['put-back', 'mixed'] },
    { url: 'https://chat.example.com/hooks/t0ken' },
  ],
  ssh: { configFile: '/etc/ssh_config' },
  protected: true,
}

describe('the config in words', () => {
  it('has everything that was said', async () => {
    const cwd = await jsonProject(full)
    expect(describeConfig(await loadConfig({ cwd })).replaceAll(cwd, '/x')).toBe(`\
shop → production   2 hosts   /x/deploy.config.json

source     git git@example.com:shop.git at main, its folder apps/web, with submodules
build      npm ci
           npm run build
include    dist
           package.json
hosts      web-1    web-1               /srv/shop
           web-22   deploy@[::1]:2222   /srv/shop   roles web, cron   over bastion
shared     uploads/
           .env
env        NODE_ENV=production
           GREETING="good day\\n"
secrets    A from $MY_A
           B from the command op read x
           C from the file /etc/c
prepare    npm run check   (within 10m)
           npm run migrate
           npm run seed   (on one host, within 10m)
restart    sudo systemctl restart shop   (only on web, within 1m)
health     GET http://127.0.0.1:3000/healthz = 200, the body holds "ok", names the release in the body   (within 30s, 5s a try)
           pgrep shop   (only on cron, within 30s, 5s a try)
           all hosts answer /, /api alike before a deploy is confirmed
processes  an old one that is left after a restart fails the run
runtime    node --version
           php -v   (only on web)
logs       none
audit      passes over log/**
           looks for sessions in /var/lib/shop
           asks every host for http://127.0.0.1/
           logs in on one host by POST http://127.0.0.1/login, and asks the others for http://127.0.0.1/ with "anna"
identical  strict
unchanged  auto
relay      2 hosts hand the files on to the others, at port 22022
keep       5 releases
rollout    all hosts at once
store      s3://acme/shop, eu-central-1
signers    allowed by /x/allowed_signers
           here: /keys/sign
notify     the address in $SLACK_URL   (as its address says; all events)
           the address in /etc/hook   (discord; put-back, mixed)
           an address of its own   (as its address says; all events)
ssh        /etc/ssh_config, connect within 10s, no step stalls for 10m, 64 hosts at once
protected  deploying asks first
`)
  })

  it('says what is left out', async () => {
    const cwd = await jsonProject({ ...minimal, source: { dir: 'dist' }, deployTo: 'shop', hosts: { embedded: 1 } })
    expect(describeConfig(await loadConfig({ cwd })).replaceAll(cwd, '/x')).toBe(`\
shop → production   1 host   /x/deploy.config.json

source     folder /x/dist
build      none
include    everything that .deployignore does not name
hosts      web-1   inside this process   shop
shared     none
env        none
secrets    none
prepare    none
restart    none
health     none
processes  an old one that is left after a restart fails the run
logs       none
identical  strict
unchanged  auto
keep       5 releases
rollout    all hosts at once
ssh        the files that ssh reads, connect within 10s, no step stalls for 10m, 64 hosts at once
`)
  })
})

it('a bake says how long it lasts, and what is asked how often', async () => {
  const said = async (bake: object) =>
    describeConfig(await loadConfig({ cwd: await jsonProject({ ...minimal, rollout: { batch: 2, bake } }) }))
  expect(await said({ for: '10m', check: 'bin/alarms', failures: 2 })).toContain(
    'rollout    2 at a time, a bake of 10m with bin/alarms every 15s (here, within 30s, 2 failures in a row)\n',
  )
  const check = { url: 'http://prometheus/ok', contains: 'green', timeout: '5s' }
  expect(await said({ for: '90s', every: '1m', check })).toContain(
    'a bake of 90s with GET http://prometheus/ok = 200, the body holds "green" every 1m (here, within 5s)\n',
  )
  expect(await said({ for: '1h' })).toContain('rollout    2 at a time, a bake of 1h\n')
})

it('the config as JSON is the resolved one, secrets only by their source', async () => {
  const config = await loadConfig({ cwd: await jsonProject(full) })
  const json = JSON.parse(JSON.stringify(configJson(config)))
  const notify = config.notify.map((webhook, i) => (i === 2 ? { ...webhook, url: '[redacted]' } : webhook))
  expect(json).toEqual({ v: 1, command: 'config', ...config, notify })
  expect(JSON.stringify(json)).not.toContain('t0ken')
  expect(json.secrets).toEqual({ A: { env: 'MY_A' }, B: { cmd: 'op read x' }, C: { file: '/etc/c' } })
})

import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load/load.js'
import { jsonProject, minimal, problems, project, refusal } from './project.js'

const hook = { run: 'true' }
const url = 'http://127.0.0.1/'
const key = `SHA256:${'A'.repeat(43)}`
const noSource = 'should be { env: "NAME" }, { cmd: "…" } or { file: "…" }: the value itself is never written here'

const table: readonly (readonly [what: string, change: object, ...lines: string[]])[] = [
  [
    'an app with a slash',
    { app: 'a/b' },
    'app  an app has letters, digits, ".", "_" and "-" only in its name, got "a/b"',
  ],
  ['an app that is a number', { app: 3 }, 'app  should be text, got 3'],
  ['an app like an option', { app: '-rf' }, 'app  the name of an app cannot begin with "-", got "-rf"'],
  [
    'a batch that is text',
    { rollout: { batch: '1' } },
    'rollout.batch  is no share of the hosts: "1"; write it like "25%", or as a number of hosts',
  ],
  ['a batch of nobody', { rollout: { batch: 0 } }, 'rollout.batch  should be at least 1, got 0'],
  ['a batch of none', { rollout: { batch: '0%' } }, 'rollout.batch  is none; a batch has at least one host'],
  [
    'a share above all',
    { rollout: { minUp: '101%' } },
    'rollout.minUp  is no share of the hosts: "101%"; write it like "25%", or as a number of hosts',
  ],
  [
    'a canary of a wrong kind',
    { rollout: { canary: 'web-1' } },
    'rollout.canary  should be a number of hosts or { hosts: 1 }, got "web-1"',
  ],
  ['a canary of nobody', { rollout: { canary: 0 } }, 'rollout.canary  should be at least 1, got 0'],
  [
    'a bake without a time',
    { rollout: { bake: {} } },
    'rollout.bake.for  is missing; write it like 500ms, 30s, 5m, 1h or 1m30s, or as a number of seconds',
  ],
  [
    'a bake check of a wrong kind',
    { rollout: { bake: { for: '10m', check: 3 } } },
    'rollout.bake.check  should be a command, { run: "…" } or { url: "…" }, got 3',
  ],
  [
    'a bake check of both kinds',
    { rollout: { bake: { for: '10m', check: { url: 'http://a/', run: 'true' } } } },
    'rollout.bake.check.run  a check has only one of run and url',
  ],
  [
    'a bake that takes any answer',
    { rollout: { bake: { for: '10m', failures: 0 } } },
    'rollout.bake.failures  should be at least 1, got 0',
  ],
  ['maintenance as a key', { maintenance: true }, 'maintenance  is a command: clonedeploy maintenance on'],
  [
    'a balancer of no kind',
    { stages: { a: { balancer: {} } } },
    'stages.a.balancer  should be { haproxy: … }, { nginx: … } or { command: … }, got an object',
  ],
  [
    'two balancers',
    { balancer: { haproxy: { host: 'lb', socket: '/s', backend: 'web' }, nginx: {} } },
    'balancer.nginx  a stage has one balancer: haproxy, nginx or command',
  ],
  [
    'a backend with a semicolon',
    { balancer: { haproxy: { host: 'lb', socket: '/s', backend: 'web;show' } } },
    'balancer.haproxy.backend  should be one word, got "web;show"',
  ],
  [
    'a socket without its path',
    { balancer: { haproxy: { host: 'lb', socket: 'admin.sock', backend: 'web' } } },
    'balancer.haproxy.socket  should be an absolute path, got "admin.sock"',
  ],
  [
    'a server of two words',
    { balancer: { haproxy: { host: 'lb', socket: '/s', backend: 'web', server: 'a b' } } },
    'balancer.haproxy.server  should be one word, with $NAME for a variable of the host, got "a b"',
  ],
  ['a misspelt key', { keepRelease: 5 }, 'keepRelease  unknown key; did you mean "keepReleases"?'],
  ['a key of another tool', { zzz: 5 }, 'zzz  unknown key'],
  ['the root as deployTo', { deployTo: '//' }, 'deployTo  is "/"; name a folder of its own, such as "/srv/shop"'],
  ['an empty deployTo', { deployTo: ' ' }, 'deployTo  is empty'],
  ['a deployTo that goes up', { deployTo: '/srv/../etc' }, 'deployTo  has ".." in it: "/srv/../etc"'],
  [
    'the home as deployTo',
    { deployTo: './' },
    'deployTo  is the home folder itself; name a folder in it, such as "shop"',
  ],
  [
    'a deployTo with a tilde',
    { deployTo: '~/shop' },
    'deployTo  begins with "~"; leave that out: a relative path begins at the home of the login',
  ],
  [
    'a deployTo of two lines',
    { deployTo: '/srv/a\nb' },
    'deployTo  has a line break or control character in it: "/srv/a\\nb"',
  ],
  ['a deployTo with a NUL', { deployTo: '/srv/a\0' }, 'deployTo  has a NUL byte in it'],
  ['a host without its list', { hosts: 'web-1' }, 'hosts  should be a list of hosts, or the path of a .json file'],
  [
    'hosts of a wrong kind',
    { hosts: 3 },
    "hosts  should be a list of hosts, a function, the path of a .json file, { command: '…' } or { embedded: 3 }, got 3",
  ],
  ['no hosts', { hosts: [] }, 'hosts  has no hosts'],
  ['no embedded host', { hosts: { embedded: 0 } }, 'hosts.embedded  should be at least 1, got 0'],
  ['hosts like options', { hosts: ['-oProxyCommand=x'] }, 'hosts[0]  begins with "-": ssh would take it for an option'],
  ['a host as an address', { hosts: ['ssh://web-1'] }, 'hosts[0]  is written without ssh://, as user@host:port'],
  ['a port that is too high', { hosts: ['web-1:99999'] }, 'hosts[0]  65535 is the highest port, got 99999'],
  [
    'fields of a host',
    { hosts: ['web-1', { host: 'web-2', port: 99999, user: '-x', jump: 'a,-b', hostKey: 'MD5:1', roles: ['a b'] }] },
    'hosts[1].port  65535 is the highest port, got 99999',
    'hosts[1].user  begins with "-": ssh would take it for an option',
    'hosts[1].hostKey  should be SHA256: and 43 characters, as ssh-keygen -lf prints it, got "MD5:1"',
    'hosts[1].jump  begins with "-": ssh would take it for an option',
    'hosts[1].roles[0]  a role has letters, digits, ".", "_", ":" and "-" only, got "a b"',
  ],
  [
    'a login in the address',
    { hosts: [{ host: 'deploy@web-1:22' }] },
    'hosts[0].host  "deploy@web-1:22" is no address or ssh alias; user and port are keys of their own',
  ],
  ['a misspelt key of a host', { hosts: ['web-1', { hsot: 'x' }] }, 'hosts[1].hsot  unknown key; did you mean "host"?'],
  ['a host without address', { hosts: [{ port: 22 }] }, 'hosts[0].host  is missing'],
  ['a host that is a number', { hosts: [3] }, 'hosts[0]  should be text, got 3'],
  [
    'one host twice',
    { hosts: ['web-1', 'web-2', 'WEB-1'] },
    'hosts[2]  "WEB-1" is the same host and folder as hosts[0]',
  ],
  [
    'one host twice under two names',
    { hosts: ['deploy@web-1', { name: 'other', host: 'web-1', user: 'deploy', deployTo: '/srv/shop/' }] },
    'hosts[1]  "other" is the same host and folder as hosts[0]',
  ],
  [
    'two hosts of one name',
    { hosts: ['web-1', { name: 'web-1', host: 'web-2' }] },
    'hosts[1]  is named "web-1" like hosts[0]; give one of them another name',
  ],
  [
    'a source of neither kind',
    { source: 'dist' },
    'source  should be { git: "." }, { dir: "dist" } or { artifact: "app.tgz" }',
  ],
  [
    'a source of both kinds',
    { source: { git: '.', dir: 'x' } },
    'source.dir  a source is either git or dir; for a folder of the repository write subdir',
  ],
  [
    'a commit and what CI built',
    { source: { git: '.', artifact: 'app.tgz' } },
    'source.artifact  a source is either git or artifact; what CI built is not built again',
  ],
  [
    'a build of what CI built',
    { source: { artifact: 'app.tgz' }, build: 'npm run build' },
    'build  has commands, and source.artifact is built already: leave one of them out',
  ],
  [
    'the same, of a stage',
    { build: 'make', stages: { a: { source: { artifact: 'app.tgz' } }, b: {} } },
    'build  has commands, and source.artifact is built already: leave one of them out',
  ],
  [
    'a ref like an option',
    { source: { git: '.', ref: '--upload-pack=x' } },
    'source.ref  begins with "-": git would take it for an option: "--upload-pack=x"',
  ],
  ['a subdir outside', { source: { git: '.', subdir: '../x' } }, 'source.subdir  has ".." in it: "../x"'],
  ['an empty command', { build: ['npm ci', ''] }, 'build[1]  is empty'],
  [
    'what is kept of a command that nobody knows',
    { build: { run: ['npm ci && npm run build'], cache: ['node_modules'] } },
    'build.cache  does not know what decides what "npm ci && npm run build" makes, the first command: install first, by "npm ci" or another that keeps to its lock file, or say { paths, key: ["FILE"] }',
  ],
  [
    'what is kept of a folder',
    { source: { dir: 'dist' }, build: { run: 'npm ci', cache: ['node_modules'] } },
    'build.cache  needs source: { git }: a folder that is built as it lies keeps what was made in it',
  ],
  [
    'a whole build that is kept',
    { build: { run: 'npm ci', cache: ['.'] } },
    'build.cache[0]  is the whole build; name folders in it',
  ],
  ['an empty include', { include: [] }, 'include  is empty; leave it out to take everything'],
  ...['.', '**', '**/*'].map(
    all =>
      [
        `everything writable: ${all}`,
        { writable: [all] },
        'writable[0]  is the whole release, of which nothing would be compared; name something in it',
      ] as const,
  ),
  ['an unknown key of audit', { audit: { ignored: [] } }, 'audit.ignored  unknown key; did you mean "ignore"?'],
  ['a pattern alone', { audit: { ignore: 'log/**' } }, 'audit.ignore  should be a list, got "log/**"'],
  ['what is ignored outside', { audit: { ignore: ['a', '../b'] } }, 'audit.ignore[1]  has ".." in it: "../b"'],
  [
    'sessions in a home',
    { audit: { sessions: ['~/sessions'] } },
    'audit.sessions[0]  should be absolute, or as in a release, got "~/sessions"',
  ],
  [
    'an address to ask that is none',
    { audit: { ask: ['shop'] } },
    'audit.ask[0]  should be a path such as "/", or an address that begins with http:// or https://, got "shop"',
  ],
  [
    'a path to ask that no check asks',
    { audit: { ask: ['/'] } },
    'audit.ask[0]  is a path, and no health check asks by HTTP: write the whole address, such as "http://127.0.0.1:3000/"',
  ],
  [
    'an address to ask with a variable that there is not',
    { audit: { ask: ['http://127.0.0.1:$PORT/'] } },
    'audit.ask[0]  web-1 has no variable PORT: set it in env, or in the env of the host',
  ],
  [
    'a login without a page',
    { audit: { login: { request: { url: '/login' }, expect: 'a' } } },
    'audit.login.page  is missing',
  ],
  [
    'a login with two bodies',
    { audit: { login: { request: { url: '/login', form: {}, json: {} }, page: '/', expect: 'a' } } },
    'audit.login.request  has form and json; leave one of them out',
  ],
  [
    'a secret in the wrong form, which is not shown',
    {
      audit: {
        login: { request: { url: '/login', form: { password: { value: 'hunter2' } } }, page: '/', expect: 'a' },
      },
    },
    'audit.login.request.form.password  should be { env: "NAME" }, { cmd: "…" } or { file: "…" }: the value itself is never written here',
  ],
  ['nothing to answer alike', { health: { same: [] } }, 'health.same  names no address; leave it out'],
  [
    'a path to answer alike that no check asks',
    { health: { same: ['/'] } },
    'health  same: "/" is a path, and no health check asks by HTTP: write the whole address, such as "http://127.0.0.1:3000/"',
  ],
  ['an empty folder of sessions', { audit: { sessions: [''] } }, 'audit.sessions[0]  is empty'],
  ['what is writable outside', { writable: ['a', '../b'] }, 'writable[1]  has ".." in it: "../b"'],
  ['a root outside', { root: '../dist' }, 'root  has ".." in it: "../dist"'],
  ['an include outside', { include: ['/etc'] }, 'include[0]  should be a relative path, got "/etc"'],
  ['a shared path outside', { shared: { dirs: ['../up'] } }, 'shared.dirs[0]  has ".." in it: "../up"'],
  [
    'the link as a shared path',
    { shared: { dirs: ['current'] } },
    'shared.dirs[0]  "current" is the link to the release; use another name',
  ],
  [
    'the release as a shared path',
    { shared: { dirs: ['./'] } },
    'shared.dirs[0]  is the release itself; name something in it',
  ],
  [
    'a shared path in another',
    { shared: { dirs: ['uploads/'], files: ['uploads/a.txt', 'uploads-2'] } },
    'shared.files[0]  "uploads/a.txt" lies in "uploads", which is shared already',
  ],
  ['a shared path twice', { shared: { dirs: ['a', './a'] } }, 'shared.dirs[1]  "a" is there twice'],
  [
    'a wrong name of a variable',
    { env: { 'a-b': 'x' } },
    'env["a-b"]  is no name for a variable: letters, digits and "_" only, and no digit first',
  ],
  [
    'a variable of ours',
    { secrets: { CLONEDEPLOY_X: { env: 'X' } } },
    'secrets.CLONEDEPLOY_X  CLONEDEPLOY_ variables are set by clonedeploy itself; use another name',
  ],
  ['a variable without its value shown', { env: { A: ['hunter2'] } }, 'env.A  should be text or a number'],
  ['a secret in plain text', { secrets: { A: 'hunter2' } }, `secrets.A  ${noSource}`],
  ['a secret of two sources', { secrets: { A: { env: 'A', cmd: 'hunter2' } } }, `secrets.A  ${noSource}`],
  [
    'a secret for the name of its variable',
    { secrets: { A: { env: 'hunter2!' } } },
    'secrets.A.env  should be the name of an environment variable (not its value)',
  ],
  [
    'a name in env and secrets',
    { env: { A: 'x' }, secrets: { A: { env: 'A' } } },
    'secrets.A  A is in env too; it can be only one of them',
  ],
  ['an empty hook', { prepare: [{ run: ' ' }] }, 'prepare[0].run  is empty'],
  ['a hook without command', { restart: {} }, 'restart.run  is missing'],
  ['a misspelt key of a hook', { prepare: { rum: 'x' } }, 'prepare.rum  unknown key; did you mean "run"?'],
  [
    'a key that a hook has not',
    { prepare: ['a', { ...hook, zone: 1 }] },
    'prepare[1].zone  unknown key; the keys here are run, once, roles, timeout',
  ],
  [
    'a restart on one host',
    { restart: { ...hook, once: true } },
    'restart.once  only a prepare command can run once; restart has to happen on every host',
  ],
  [
    'a wrong duration',
    { restart: { ...hook, timeout: '5 minutes' } },
    'restart.timeout  is no duration: "5 minutes"; write it like 500ms, 30s, 5m, 1h or 1m30s, or as a number of seconds',
  ],
  ['no time at all', { restart: { ...hook, timeout: 0 } }, 'restart.timeout  should be longer than nothing'],
  [
    'no role',
    { restart: { ...hook, roles: [] } },
    'restart.roles  names no role, so it would happen nowhere; leave it out for all hosts',
  ],
  [
    'a role that no host has',
    { hosts: [{ host: 'web-1', roles: ['web'] }], prepare: ['a', { ...hook, roles: ['wbe'] }] },
    'prepare[1].roles  no host has the role "wbe"; did you mean "web"?',
  ],
  [
    'a check without its object',
    { health: url },
    `health  should be { url: "…" }, { tcp: "…" } or { run: "…" }, got "${url}"`,
  ],
  [
    'an address of another kind',
    { health: { url: 'ftp://x' } },
    'health.url  should begin with http:// or https://, got "ftp://x"',
  ],
  ['an address that is none', { health: { url: 'http://a b' } }, 'health.url  is no address: "http://a b"'],
  ['a status that is none', { health: { url, status: 2000 } }, 'health.status  should be at most 599, got 2000'],
  [
    'two checks in one',
    { health: { url, run: 'x' } },
    'health.run  a check has only one of url, tcp and run; make two checks of it',
  ],
  [
    'a release nowhere',
    { health: { url, release: 'footer' } },
    'health.release  should be "body" or { header: "…" }, got "footer"',
  ],
  [
    'a wrong header',
    { health: { url, release: { header: 'a b' } } },
    'health.release.header  is no name of a header: "a b"',
  ],
  ['a connection without a port', { health: { tcp: 'web' } }, 'health.tcp  should be like 127.0.0.1:3000, got "web"'],
  ['a port that is too high', { health: { tcp: 70000 } }, 'health.tcp  should be at most 65535, got 70000'],
  [
    'a header of nothing',
    { health: { url, headers: { 'x-a': '' } } },
    'health.headers["x-a"]  is empty; name only headers that must hold something',
  ],
  [
    'a log in the home',
    { logs: { file: '~/app.log' } },
    'logs.file  should be absolute, or relative to deployTo, got "~/app.log"',
  ],
  [
    'a log of another kind',
    { logs: { path: 'x' } },
    'logs.file  is missing',
    'logs.path  unknown key; the keys here are file',
  ],
  [
    'another word',
    { identical: 'strit' },
    'identical  should be "strict" or "warn", got "strit"; did you mean "strict"?',
  ],
  ['no seed', { relay: { seeds: 0 } }, 'relay.seeds  should be at least 1, got 0'],
  ['a port that is none', { relay: { port: 0 } }, 'relay.port  1 is the lowest port, got 0'],
  ['a webhook without its object', { notify: 'https://a/hooks/t0ken' }, 'notify  should be { url: … }'],
  ['a webhook in a list', { notify: ['https://a/hooks/t0ken'] }, 'notify[0]  should be { url: … }'],
  ['a webhook by ftp', { notify: { url: 'ftp://a/t0ken' } }, 'notify.url  is no address that begins with https://'],
  [
    'a webhook with a password',
    { notify: { url: 'https://a:t0ken@b/' } },
    'notify.url  has a user or a password in it, which a webhook cannot have',
  ],
  [
    'a webhook of numbers',
    { notify: { url: 3 } },
    'notify.url  should be { env: "NAME" }, { file: "…" } or the address',
  ],
  [
    'a webhook whose variable is its address',
    { notify: { url: { env: 'https://a/hooks/t0ken' } } },
    'notify.url.env  should be the name of an environment variable (not its value)',
  ],
  [
    'a webhook whose file is its address',
    { notify: { url: { file: 'https://a/hooks/t0ken' } } },
    'notify.url.file  should be the file that holds the address, not the address',
  ],
  [
    'a webhook that is told nothing',
    { notify: { url: { env: 'A' }, on: [] } },
    'notify.on  names no event, so nothing would be told',
  ],
  [
    'an event that there is not',
    { notify: { url: { env: 'A' }, on: ['deploy'] } },
    'notify.on[0]  should be "started" or "deployed" or "promoted" or "rolled-back" or "restarted" or "repaired" or "joined" or "put-back" or "aborted" or "mixed", got "deploy"; did you mean "deployed"?',
  ],
  ['a relay by name', { relay: 'web-1' }, 'relay  should be true or false, got "web-1"'],
  ['a store that is a word', { store: 's3://b' }, 'store  should be { s3: { bucket: … } } or { dir: … }, got "s3://b"'],
  ['a store of two kinds', { store: { s3: { bucket: 'b-1' }, dir: 'x' } }, 'store  should have s3 or dir, one of them'],
  ['a key alone', { sign: '/k' }, 'sign  should be an object, got "/k"'],
  ['a signature without a key', { sign: {} }, 'sign.key  is missing'],
  [
    'a signature that nobody checks',
    { store: { dir: 'x' }, sign: { key: '/k' } },
    'sign  needs allowedSigners, the file of those whose signatures are believed',
  ],
  ['signers of nothing', { allowedSigners: 'x' }, 'allowedSigners  needs a store: what is signed is what that is told'],
  ['a store of no kind', { store: {} }, 'store  should have s3 or dir, one of them'],
  [
    'another key of a store',
    { store: { s4: {} } },
    'store.s4  unknown key; did you mean "s3"?',
    'store  should have s3 or dir, one of them',
  ],
  ['no bucket', { store: { s3: {} } }, 'store.s3.bucket  is missing'],
  [
    'a bucket with its prefix',
    { store: { s3: { bucket: 's3://b/x' } } },
    'store.s3.bucket  should be the bucket\'s name alone; what follows the slash is the prefix, got "s3://b/x"',
  ],
  [
    'a prefix that begins with a slash',
    { store: { s3: { bucket: 'b-1', prefix: '/x' } } },
    'store.s3.prefix  should not begin with a slash, got "/x"',
  ],
  [
    'credentials in an address',
    { store: { s3: { bucket: 'b-1', endpoint: 'https://a:b@x' } } },
    'store.s3.endpoint  should have no credentials in it: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  ],
  [
    'another key of s3',
    { store: { s3: { bucket: 'b-1', regoin: 'x' } } },
    'store.s3.regoin  unknown key; did you mean "region"?',
  ],
  ['half a release', { keepReleases: 1.5 }, 'keepReleases  should be a whole number, got 1.5'],
  ['no release', { keepReleases: 0 }, 'keepReleases  should be at least 1, got 0'],
  ['a word for yes', { protected: 'yes' }, 'protected  should be true or false, got "yes"'],
  ['ssh options', { ssh: { concurency: 3 } }, 'ssh.concurency  unknown key; did you mean "concurrency"?'],
  ['a list of stages', { stages: ['a'] }, 'stages  should be an object, got a list'],
  ['no stage', { stages: {} }, 'stages  has no stage; leave it out to have only one'],
  ['a stage of stages', { stages: { a: { stages: {} } } }, 'stages.a.stages  a stage has no stages of its own'],
  [
    'a default for no stages',
    { defaultStage: 'a' },
    'defaultStage  should be the name of a stage, but there are no stages, got "a"',
  ],
  [
    'a default that is none',
    { stages: { a: {}, b: {} }, defaultStage: 'c' },
    'defaultStage  should be "a" or "b", got "c"',
  ],
  [
    'a wrong key of a stage',
    { stages: { a: { deploy_to: '/x' } } },
    'stages.a.deploy_to  unknown key; did you mean "deployTo"?',
  ],
  [
    'a stage with a host twice',
    { stages: { a: {}, b: { hosts: ['x', 'x'] } } },
    'stages.b.hosts[1]  "x" is the same host and folder as hosts[0]',
  ],
  [
    'a stage with a shared path in another of the base',
    { shared: { dirs: ['up'] }, stages: { a: { shared: { files: ['up/x'] } } } },
    'stages.a.shared.files[0]  "up/x" lies in "up", which is shared already',
  ],
]

describe('a config is refused for', () => {
  const cases = table.map(([what, change, ...lines]) => ({ what, change, lines }))
  it.each(cases)('$what', async ({ change, lines }) => {
    expect(await problems({ ...minimal, ...change })).toEqual(lines)
  })
})

describe('what is needed', () => {
  it('is named, all of it', async () => {
    expect(await problems({})).toEqual([
      'app  is missing: the name of the app, such as "shop"',
      'deployTo  is missing: the folder on the hosts, such as "/srv/shop"',
      'hosts  is missing: the hosts to deploy to, such as ["web-1", "deploy@10.0.0.2"]',
    ])
  })

  it('is named for the stage that lacks it', async () => {
    expect(await problems({ app: 'a', deployTo: '/srv/a', stages: { a: { hosts: ['x'] }, b: {} } })).toEqual([
      'stages.b.hosts  is missing: the hosts to deploy to, such as ["web-1", "deploy@10.0.0.2"]',
    ])
  })

  it('is not missing under a misspelt name, nor with a wrong value', async () => {
    expect(await problems({ app: 7, deployto: '/srv/a', hosts: ['x'] })).toEqual([
      'app  should be text, got 7',
      'deployto  unknown key; did you mean "deployTo"?',
    ])
  })
})

describe('an address that health checks ask', () => {
  const url = 'http://127.0.0.1:$PORT/healthz'
  const hosts = [{ host: 'web-1', env: { PORT: 3000 } }, 'web-2']
  const missing = (name: string, host = 'web-2') =>
    `${host} has no variable ${name}: set it in env, or in the env of the host`

  it.each([
    [
      'a variable that the check of a bake lacks',
      { hosts, rollout: { bake: { for: '10m', check: { url } } } },
      ['rollout.bake.check.url  there is no variable PORT: set it in env'],
    ],
    [
      'a variable that makes no address for a bake',
      { hosts, env: { PORT: 'x' }, rollout: { bake: { for: '10m', check: { url } } } },
      ['rollout.bake.check.url  is no address: "http://127.0.0.1:x/healthz"'],
    ],
    ['a variable that one host lacks', { hosts, health: { url } }, [`health.url  ${missing('PORT')}`]],
    [
      'of several checks',
      { hosts, health: ['x', url].map(one => ({ url: one.replace('x', 'http://a/') })) },
      [`health[1].url  ${missing('PORT')}`],
    ],
    [
      'one behind what all hosts have to answer alike',
      { hosts, health: [{ same: ['http://a/'] }, { url: 'http://a/' }, { url }] },
      [`health[2].url  ${missing('PORT')}`],
    ],
    [
      'the only one behind that',
      { hosts, health: [{ same: ['http://a/'] }, { url }] },
      [`health[1].url  ${missing('PORT')}`],
    ],
    [
      'one of a role that no host has, behind that',
      { hosts: ['web-1'], health: [{ same: ['http://a/'] }, { url: 'http://a/', roles: ['x'] }] },
      ['health[1].roles  no host has the role "x"'],
    ],
    ['a connection', { hosts, health: { tcp: 'localhost:$PORT' } }, [`health.tcp  ${missing('PORT')}`]],
    [
      'a name',
      { hosts, health: { url: 'http://$NAME/' } },
      [`health.url  ${missing('NAME', 'web-1')}`, `health.url  ${missing('NAME')}`],
    ],
    [
      'a value that is no port',
      { hosts, env: { PORT: 'abc' }, health: { url } },
      ['health.url  is no address on web-2: "http://127.0.0.1:abc/healthz"'],
    ],
    ['a stage', { stages: { a: { hosts, health: { url } } } }, [`stages.a.health.url  ${missing('PORT')}`]],
  ])('is refused for %s', async (_, change, lines) => {
    const { hosts: _hosts, ...rest } = minimal
    expect(await problems({ ...rest, ...change })).toEqual(lines)
  })

  it.each([
    ['a variable of env', { hosts, env: { PORT: 80 }, health: { url } }],
    ['a secret', { hosts, secrets: { PORT: { env: 'P' } }, health: { url } }],
    [
      'hosts of another role',
      { hosts: [{ ...(hosts[0] as object), roles: ['web'] }, 'web-2'], health: { url, roles: ['web'] } },
    ],
    ['a $ in a path', { hosts: ['web-1'], health: { url: 'http://a/$metadata?$top=1' } }],
    [
      'what clonedeploy says itself',
      { hosts: ['web-1'], health: { url: 'http://$CLONEDEPLOY_HOST/$CLONEDEPLOY_RELEASE' } },
    ],
    ['hosts inside the process', { hosts: { embedded: 2 }, health: { tcp: 'localhost:$APP_PORT' } }],
  ])('may have %s', async (_, change) => {
    await expect(loadConfig({ cwd: await jsonProject({ ...minimal, ...change }) })).resolves.toBeDefined()
  })

  it('is refused for hosts that a function tells', async () => {
    const text = `export default { app: 'a', deployTo: '/a', hosts: () => ['web-9'], health: { url: '${url}' } }`
    const error = await refusal({ cwd: await project({ 'deploy.config.mjs': text }) })
    expect(error).toMatchObject({ exitCode: 2, details: [`health.url   ${missing('PORT', 'web-9')}`] })
  })
})

it('what is right is accepted', async () => {
  const right = {
    ...minimal,
    $schema: 'x',
    hosts: [{ host: 'web-1', hostKey: key, roles: ['web'], env: { APP_PORT: 3000 } }],
  }
  const health = [{ url: 'http://127.0.0.1:$APP_PORT/x' }, { url: `http://[::1]:\${APP_PORT}/` }, { run: 'true' }]
  await expect(loadConfig({ cwd: await jsonProject({ ...right, health }) })).resolves.toMatchObject({ app: 'shop' })
})

it('problems of all kinds come in one error, aligned, and it says how to check again', async () => {
  const error = await refusal({
    cwd: await jsonProject({
      ...minimal,
      hosts: ['a', { host: 'b', port: 99999 }, { hsot: 'c' }],
      keepRelease: 5,
      env: { A: 'x' },
      secrets: { A: { env: 'A' } },
    }),
  })
  expect(error.exitCode).toBe(2)
  expect(error.message).toBe('deploy.config.json has 4 problems')
  expect(error.details).toEqual([
    'hosts[1].port   65535 is the highest port, got 99999',
    'hosts[2].hsot   unknown key; did you mean "host"?',
    'keepRelease     unknown key; did you mean "keepReleases"?',
    'secrets.A       A is in env too; it can be only one of them',
  ])
  expect(error.next).toEqual(['check again: clonedeploy config'])
})

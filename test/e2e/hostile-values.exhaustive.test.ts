import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { completeConfig } from '../../src/config/load/load.js'
import { ConfigError } from '../../src/config/problems/problem.js'
import { nasty } from '../scripts/nasty.js'
import { busyboxAlone, canChangeRoot } from '../support/busybox-host.js'
import { all, onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'

/** Each key of the configuration that holds text, but for commands (they are meant to run) and what is a number or a word of a list. */
const places: Readonly<Record<string, (value: string) => object>> = {
  app: value => ({ app: value }),
  'source.dir': value => ({ source: { dir: value } }),
  include: value => ({ include: ['version', value] }),
  root: value => ({ root: value }),
  deployTo: value => ({ deployTo: `/srv/${value}` }),
  'hosts.name': value => ({ hosts: [value] }),
  'hosts.host': value => ({ hosts: [{ name: 'h1', host: value }] }),
  'hosts.user': value => ({ hosts: [{ name: 'h1', user: value }] }),
  'hosts.jump': value => ({ hosts: [{ name: 'h1', jump: value }] }),
  'hosts.roles': value => ({ hosts: [{ name: 'h1', roles: [value] }] }),
  'hosts.env': value => ({ hosts: [{ name: 'h1', env: { HOSTILE: value } }] }),
  'shared.dirs': value => ({ shared: { dirs: [value] } }),
  'shared.files': value => ({ shared: { files: [`file ${value}`] } }),
  writable: value => ({ writable: [`cache ${value}`] }),
  env: value => ({ env: { HOSTILE: value } }),
  'env by name': value => ({ env: { [value]: '1' } }),
  'prepare.roles': value => ({ prepare: [{ run: 'true', roles: [value] }] }),
  'restart.touch': value => ({ restart: { touch: `touched ${value}` } }),
  'restart.systemd': value => ({ restart: { systemd: value } }),
  'restart.pm2': value => ({ restart: { pm2: value } }),
  'health.contains': value => ({ health: { url: 'http://127.0.0.1:9/', contains: value } }),
  'health.headers': value => ({ health: { url: 'http://127.0.0.1:9/', headers: { 'x-a': value } } }),
  'health.tcp': value => ({ health: { tcp: value } }),
  logs: value => ({ logs: value }),
  'audit.ignore': value => ({ audit: { ignore: [value] } }),
  'audit.sessions': value => ({ audit: { sessions: [value] } }),
  'store.dir': value => ({ store: { dir: value } }),
  'ssh.configFile': value => ({ ssh: { configFile: value } }),
}

const bash = mkdtempSync(join(tmpdir(), 'clonedeploy-bash-'))
symlinkSync('/bin/bash', join(bash, 'sh'))
afterAll(() => rmSync(bash, { recursive: true }))

const here = sshdIsHere() && canChangeRoot()
const shells = ['dash', 'bash', 'busybox'] as const

describe.skipIf(!here)('a value that a shell could take for its own', () => {
  const scene = onFleet({
    hosts: shells.length,
    sshdConfig: i =>
      i === 2 ? [`ForceCommand PATH=${bash}:$PATH; exec sh -c "$SSH_ORIGINAL_COMMAND"`] : i === 3 ? busyboxAlone() : [],
  })
  const base = { app: 'shop', source: { dir: 'app' }, deployTo: '/srv/shop', hosts: ['h1'] }
  const file = '/nowhere/deploy.config.json'
  const isTaken = (part: object) =>
    completeConfig({ ...base, ...part }, { cwd: '/nowhere', file, offline: true }).then(
      () => true,
      error => {
        expect(error).toBeInstanceOf(ConfigError)
        return false
      },
    )
  const taken = async (value: string) => {
    const names = Object.keys(places)
    const are = await Promise.all(names.map(name => isTaken(places[name]?.(value) ?? {})))
    return new Set(names.filter((_, i) => are[i]))
  }

  it('is taken or refused by every key, and the keys that take none are these', async () => {
    const odd = nasty.filter(value => /canary/.test(value))
    const takers = new Set((await Promise.all(odd.map(taken))).flatMap(names => [...names]))
    expect(Object.keys(places).filter(name => !takers.has(name))).toEqual([
      'app',
      'hosts.name',
      'hosts.host',
      'hosts.user',
      'hosts.jump',
      'hosts.roles',
      'env by name',
      'prepare.roles',
      'restart.systemd',
      'health.tcp',
    ])
  })

  it.each(nasty.map(value => [value]))('is text to every command and every host: %j', async value => {
    const { project } = scene
    const keys = await taken(value)
    const ifTaken = (name: string, part: object) => (keys.has(name) ? part : {})
    const at = keys.has('deployTo') ? `at ${value}`.trimEnd() : 'app'
    const dir = keys.has('source.dir') && value.trim() !== '' ? value : 'app'
    const put = (version: string) => {
      const more = join(project.root, dir, keys.has('include') ? value : 'more')
      mkdirSync(more, { recursive: true })
      writeFileSync(join(more, 'a'), 'a')
      writeFileSync(join(project.root, dir, 'version'), version)
    }
    project.configure(
      {
        source: { dir },
        ...ifTaken('include', { include: ['version', value] }),
        env: ifTaken('env', { HOSTILE: value }),
        shared: {
          dirs: keys.has('shared.dirs') ? [`dir/${value}`] : [],
          files: keys.has('shared.files') ? [`file ${value}`] : [],
        },
        ...ifTaken('writable', { writable: [`cache ${value}`] }),
        ...ifTaken('restart.touch', { restart: { touch: `touched ${value}` } }),
        ...ifTaken('audit.ignore', { audit: { ignore: [value] } }),
        health: { run: 'printf %s "$HOSTILE$HOST_HOSTILE" | cmp -s - told' },
        prepare: ['printf %s "$HOSTILE$HOST_HOSTILE" >told'],
        ...ifTaken('store.dir', { store: { dir: `store ${value}` } }),
      },
      i => ({
        deployTo: project.on(i, at),
        env: ifTaken('hosts.env', { HOST_HOSTILE: value }),
      }),
    )
    for (const i of all) {
      const shared = project.on(i, at, 'shared', `file ${value}`)
      mkdirSync(dirname(shared), { recursive: true })
      if (keys.has('shared.files')) writeFileSync(shared, 'shared')
    }
    put('one\n')
    const words = ['--message', value === '' ? 'x' : value]
    const run = (args: string, ...more: readonly string[]) => project.run([args, ...more.map(oneWord)].join(' '))
    const said = [await run('deploy', ...words)]
    put('two\n')
    for (const args of [
      'deploy',
      'status --verify',
      'releases',
      'audit',
      'check',
      'rollback --yes',
      'repair',
      'prune --keep 1',
    ])
      said.push(await run(args))
    const codes = said.map(({ code }) => code)
    expect([codes, said.find(({ code }) => code !== 0 && code !== 7)?.stderr]).toEqual([
      [0, 0, 0, 0, expect.toBeOneOf([0, 7]), 0, 0, 0, 0],
      undefined,
    ])
    const arrived = `${keys.has('env') ? value : ''}${keys.has('hosts.env') ? value : ''}`
    expect(all.map(i => readFileSync(project.on(i, at, 'current/told'), 'utf8'))).toEqual(all.map(() => arrived))
    const roots = [project.root, ...all.map(i => project.on(i)), ...all.map(i => scene.fleet.folder(i)), process.cwd()]
    expect([...roots, homedir()].flatMap(canaries)).toEqual([])
  })
})

/** `run` parts words at spaces: a message is without any. */
function oneWord(word: string): string {
  return word.replaceAll(/\s/g, '_')
}

function canaries(dir: string): readonly string[] {
  if (dir === homedir() || dir === process.cwd()) return existsSync(join(dir, 'canary')) ? [dir] : []
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter(name => /(^|\/)canary$/.test(name))
}

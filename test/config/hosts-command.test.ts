import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { describeConfig } from '../../src/config/describe.js'
import { loadConfig } from '../../src/config/load/load.js'
import { inventories } from '../inventory/ansible-lists.js'
import { inFolder } from '../support/processes.js'
import { minimal, problems, project, refusal } from './project.js'

/** A project whose hosts a script lists, with what else is said of that. */
function listing(script: string, more: object = {}, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const hosts = { command: 'sh ./list', ...more }
  return project({ 'deploy.config.json': JSON.stringify({ ...minimal, hosts }), list: script, ...files })
}

/** A script that prints this value. */
function printing(value: unknown): string {
  return `cat <<'END'\n${JSON.stringify(value)}\nEND\n`
}

const names = async (cwd: string) => (await loadConfig({ cwd })).hosts.map(({ name }) => name)

describe('hosts of a command', () => {
  it('are a list like a written one, printed in the folder of the configuration', async () => {
    const cwd = await listing(
      'cat etc/all; echo "from $PWD" >ran',
      {},
      { 'etc/all': '["web-1", { "host": "b", "port": 22 }]' },
    )
    const config = await loadConfig({ cwd: join(cwd, 'etc') })
    expect(config.hosts).toEqual([
      { name: 'web-1', host: 'web-1', roles: [], deployTo: '/srv/shop', env: {} },
      { name: 'b:22', host: 'b', port: 22, roles: [], deployTo: '/srv/shop', env: {} },
    ])
    expect(config.hostsCommand).toEqual({ command: 'sh ./list', timeout: 60_000, roles: null })
    expect(readFileSync(join(cwd, 'ran'), 'utf8')).toBe(`from ${cwd}\n`)
    expect(describeConfig(config)).toContain('\n           listed by sh ./list   (within 1m)\n')
  })

  it.each(inventories)('are what Ansible prints of an inventory in $kind', async ({ printed, hosts }) => {
    const config = await loadConfig({ cwd: await listing(printing(printed)), home: '/home/anna' })
    const expected = hosts.map(host => ({
      host: (host as { name: string }).name,
      ...host,
      deployTo: '/srv/shop',
      env: {},
    }))
    expect(JSON.parse(JSON.stringify(config.hosts).replaceAll('/home/anna/', '~/'))).toEqual(expected)
  })

  it('are only those with one of the roles', async () => {
    const odd = { ansible_connection: 'winrm' }
    const ansible = { _meta: { hostvars: { win: odd } }, web: ['a', 'b'], db: ['c'], windows: ['win'] }
    const own = ['x', { host: 'y', roles: ['web'] }]
    expect(await names(await listing(printing(ansible), { roles: ['web', 'db'] }))).toEqual(['a', 'b', 'c'])
    expect(await names(await listing(printing(own), { roles: ['web'] }))).toEqual(['y'])
  })

  it('are told what the command says besides', async () => {
    const said: string[] = []
    await loadConfig({
      cwd: await listing('echo \'["a"]\'; printf "one\\n\\033[1mtwo" >&2'),
      say: line => said.push(line),
    })
    expect(said).toEqual(['one', '\\x1b[1mtwo'])
  })

  it('are not asked for offline', async () => {
    const cwd = await listing('touch ran; echo \'["a"]\'')
    expect((await loadConfig({ cwd, offline: true })).hosts).toEqual([])
    expect(existsSync(join(cwd, 'ran'))).toBe(false)
  })
})

describe('a command that lists no hosts', () => {
  const stuck = 'sleep 300 & echo waiting >&2; sleep 300'
  it.each([
    ['echo "no credentials" >&2; exit 4', {}, 'ended with exit code 4', ['no credentials']],
    ['kill -9 $PPID', {}, 'was killed by SIGKILL', []],
    [stuck, { timeout: '200ms' }, 'did not end within 200ms', ['waiting']],
    ['yes', {}, 'printed more than 32 MB', []],
    ['', {}, 'printed nothing', []],
    ['echo "<html>\u001b[2J"; echo "404" >&2', {}, 'printed no JSON', ['<html>\\x1b[2J', '404']],
    ['echo []; echo "[WARNING]: Unable to parse" >&2', {}, 'lists no hosts', ['[WARNING]: Unable to parse']],
    [printing({ _meta: { hostvars: {} }, all: { children: ['ungrouped'] } }), {}, 'lists no hosts', []],
    [printing(['a']), { roles: ['web'] }, 'lists no host with the role web', []],
    [
      printing({ web: { hosts: ['a'] } }),
      {},
      'printed an object without _meta: no list of hosts, nor one of Ansible',
      [],
    ],
    [
      printing({ _meta: { hostvars: 1 } }),
      {},
      'printed no list of hosts: its _meta.hostvars or its groups are not as Ansible has them',
      [],
    ],
    ['echo 7', {}, 'lists hosts that cannot be used', ['hosts   should be a list, got 7']],
    [
      printing(['a', { host: 'b', prot: 22 }]),
      {},
      'lists hosts that cannot be used',
      ['hosts[1].prot   unknown key; did you mean "port"?'],
    ],
    [
      printing(['a', 'a']),
      {},
      'lists hosts that cannot be used',
      ['hosts[1]   "a" is the same host and folder as hosts[0]'],
    ],
    [
      printing({ _meta: { hostvars: { 'web-1': { ansible_port: 0 }, b: { ansible_host: '-oProxyCommand=x' } } } }),
      {},
      'lists hosts that cannot be used',
      [
        'hostvars.b.ansible_host          begins with "-": ssh would take it for an option',
        'hostvars["web-1"].ansible_port   1 is the lowest port, got 0',
      ],
    ],
    [
      printing({ _meta: { hostvars: { a: { ansible_host: '{{ ip }}' }, 'b\u202e': {} } } }),
      {},
      'lists hosts that cannot be used',
      [
        'hostvars.a.ansible_host    is a template, which ansible-inventory does not fill in',
        'hostvars["b\\u202e"].name   should be one word without commas, got "b\\u202e"',
      ],
    ],
    [
      printing(Array.from({ length: 1001 }, (_, i) => `h${i}`)),
      {},
      'lists hosts that cannot be used',
      ['hosts   are 1001, and 1000 are the most that are taken'],
    ],
  ])('is refused: %#', async (script, more, what, details) => {
    const error = await refusal({ cwd: await listing(script, more) })
    expect([error.exitCode, error.changed]).toEqual([3, 'nothing'])
    expect(error.message).toBe(`The hosts are not known: \`sh ./list\` ${what}.`)
    expect(error.details).toEqual(details)
    expect(error.next).toEqual(['run it here to see more: sh ./list'])
  })

  it('tells twenty problems at most', async () => {
    const cwd = await listing(printing(Array.from({ length: 30 }, () => '-x')))
    const { details } = await refusal({ cwd })
    expect([details.length, details.at(-1)]).toEqual([21, '… and 10 more'])
  })

  it('is not waited for when what it has started holds its output', async () => {
    const cwd = await listing(`echo '["a"]'; setsid sleep 30 & echo $! >pid`)
    const began = performance.now()
    expect(await names(cwd)).toEqual(['a'])
    expect(performance.now() - began).toBeLessThan(15_000)
    process.kill(Number(readFileSync(join(cwd, 'pid'), 'utf8')))
  })

  it('is ended with all that it has started when the run is stopped', async () => {
    const cwd = await listing('sleep 300 & wait')
    const over = new AbortController()
    const loading = loadConfig({ cwd, signal: over.signal })
    while (inFolder(cwd).length < 2) await sleep(20)
    over.abort(new Error('stopped'))
    await expect(loading).rejects.toThrow('stopped')
    await vi.waitFor(() => expect(inFolder(cwd)).toEqual([]))
  })
})

it.each([
  [{ comand: 'x' }, 'hosts.comand  unknown key; did you mean "command"?'],
  [{ timeout: '1m' }, 'hosts.command  is missing'],
  [{ command: 'x', timeout: 0 }, 'hosts.timeout  should be longer than nothing'],
  [{ command: ' ' }, 'hosts.command  is empty'],
  [{ command: 'x', roles: [] }, 'hosts.roles  names no role, so it would happen nowhere; leave it out for all hosts'],
  [
    7,
    `hosts  should be a list of hosts, a function, the path of a .json file, { command: '…' } or { embedded: 3 }, got 7`,
  ],
])('hosts cannot be %j', async (hosts, line) => {
  expect(await problems({ ...minimal, hosts })).toContain(line)
})

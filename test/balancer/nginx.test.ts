import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { doorTo } from '../../src/balancer/door.js'
import { nginx as nginxBalancer } from '../../src/balancer/nginx.js'
import { markServers, readUpstreams } from '../../src/balancer/upstream.js'
import { connectLocal } from '../../src/connection/local.js'

const text = `upstream web {
  server 10.0.0.1:80 max_fails=2; # first
  server 10.0.0.1:81;
\tserver 10.0.0.11:80 down;
  server web-4 weight=2 down max_fails=1;
  # server 10.0.0.1:82;
}
`

describe('an upstream file', () => {
  it.each([
    ['one port', ['10.0.0.1:81'], true, ['  server 10.0.0.1:81 down;']],
    [
      'every port of an address',
      ['10.0.0.1'],
      true,
      ['  server 10.0.0.1:80 max_fails=2 down; # first', '  server 10.0.0.1:81 down;'],
    ],
    ['one that is marked', ['10.0.0.11'], true, []],
    ['one that is marked no more', ['10.0.0.11'], false, ['\tserver 10.0.0.11:80;']],
    ['a name', ['web-4'], false, ['  server web-4 weight=2 max_fails=1;']],
    ['nobody', ['10.0.0'], true, []],
  ])('of which %s is marked changes there only', (_, addresses, down, lines) => {
    const marked = markServers(text, addresses, down)
    expect(marked.split('\n').filter((line, i) => line !== text.split('\n')[i])).toEqual(lines)
    expect(marked.split('\n')).toHaveLength(text.split('\n').length)
  })

  it('says who is out of service, and who is not in it', () => {
    const read = readUpstreams(text, ['10.0.0.1', '10.0.0.11:80', 'web-4', '10.0.0.2'])
    expect([...read].map(([name, { state }]) => [name, state])).toEqual([
      ['10.0.0.1', 'ready'],
      ['10.0.0.11:80', 'drain'],
      ['web-4', 'drain'],
    ])
  })
})

describe('a real nginx', () => {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-nginx-'))
  const file = join(dir, 'upstream.conf')
  const program = '/usr/sbin/nginx'
  const flags = `-p '${dir}' -c '${dir}/nginx.conf' -e '${dir}/error.log'`
  const apps: Server[] = []
  let child: ChildProcess | null = null
  let url = ''
  const door = doorTo(
    { name: 'local', host: 'local', roles: [], deployTo: '/', env: {} },
    { remote: connectLocal, local: connectLocal },
    10_000,
  )
  const balancer = (more: object = {}) =>
    nginxBalancer({
      door,
      upstreamFile: file,
      test: `${program} -t ${flags}`,
      reload: `${program} -s reload ${flags}`,
      servers: new Map(apps.map((app, n) => [`h${n + 1}`, `127.0.0.1:${(app.address() as AddressInfo).port}`])),
      ...more,
    })
  const asked = async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, async () => (await fetch(url)).text()))
    return [...new Set(answers)].sort()
  }

  beforeAll(async () => {
    if (!existsSync(program)) throw new Error('nginx is missing. Install it: apt-get install nginx-light')
    for (const name of ['h1', 'h2', '']) {
      const app = createServer((_, response) => response.end(name))
      await new Promise<void>(resolve => app.listen(0, '127.0.0.1', () => resolve()))
      if (name !== '') apps.push(app)
      else {
        url = `http://127.0.0.1:${(app.address() as AddressInfo).port}/`
        await new Promise(resolve => app.close(resolve))
      }
    }
    const servers = apps.map(app => `  server 127.0.0.1:${(app.address() as AddressInfo).port};`).join('\n')
    writeFileSync(file, `upstream web {\n${servers}\n}\n`)
    writeFileSync(
      join(dir, 'nginx.conf'),
      `daemon off; worker_processes 1; pid ${dir}/pid;
events {}
http {
  access_log off;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
  include ${file};
  server { listen ${new URL(url).host}; location / { proxy_pass http://web; } }
}
`,
    )
    child = spawn(program, ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')], {
      stdio: 'ignore',
    })
    await vi.waitFor(() => fetch(url), { timeout: 20_000, interval: 20 })
  })
  afterAll(async () => {
    const ended = new Promise(resolve => (child === null ? resolve(null) : child.once('exit', resolve)))
    child?.kill('SIGTERM')
    await ended
    door.close()
    for (const app of apps) app.close()
    rmSync(dir, { recursive: true, force: true })
  })

  it('sends nobody to a host that is drained, and again when it is ready', async () => {
    const { check, read, tell } = balancer()
    expect(await check()).toEqual([])
    expect(await asked()).toEqual(['h1', 'h2'])
    await tell(['h1'], 'drain')
    expect([...(await read(['h1', 'h2'])).values()].map(({ state }) => state)).toEqual(['drain', 'ready'])
    await vi.waitFor(async () => expect(await asked()).toEqual(['h2']), { timeout: 20_000 })
    await tell(['h1', 'h2'], 'ready')
    await vi.waitFor(async () => expect(await asked()).toEqual(['h1', 'h2']), { timeout: 20_000 })
  })

  it('is left as it was when it would not take the file, and says why', async () => {
    const before = readFileSync(file, 'utf8')
    const broken = balancer({ test: `grep -q down '${file}' && { echo 'emerg: no' >&2; exit 1; }; true` })
    await expect(broken.tell(['h1'], 'drain')).rejects.toThrow('was not changed: emerg: no')
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(await asked()).toEqual(['h1', 'h2'])
  })

  it('is refused when a host has no line in it, or when the file is not there', async () => {
    const unknown = balancer({ servers: new Map([['h9', '10.9.9.9']]) })
    expect((await unknown.check())[0]?.text).toContain('has no line `server 10.9.9.9 …;`')
    await expect(unknown.read(['h9'])).rejects.toThrow('has no line')
    expect((await balancer({ upstreamFile: '/nowhere.conf' }).check())[0]?.text).toContain('no file that can be read')
  })
})

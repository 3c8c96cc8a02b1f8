import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { machineFor } from '../../src/balancer/machine.js'
import { nginx as nginxBalancer } from '../../src/balancer/nginx.js'
import { connectLocal } from '../../src/connection/this-machine.js'
import { installed, isHere } from '../support/installed.js'
import { find } from '../tiers/programs.js'

describe.skipIf(!isHere('nginx'))('a real nginx', () => {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-nginx-'))
  const file = join(dir, 'upstream.conf')
  const program = find('nginx') ?? 'nginx'
  const flags = `-p '${dir}' -c '${dir}/nginx.conf' -e '${dir}/error.log'`
  const apps: Server[] = []
  let child: ChildProcess | null = null
  let url = ''
  const door = machineFor(
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
    installed('nginx')
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
    await vi.waitFor(() => fetch(url), { timeout: 300_000, interval: 20 })
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
    await vi.waitFor(async () => expect(await asked()).toEqual(['h2']), { timeout: 300_000 })
    await tell(['h1', 'h2'], 'ready')
    await vi.waitFor(async () => expect(await asked()).toEqual(['h1', 'h2']), { timeout: 300_000 })
  })
})

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadConfig } from '../../src/config/load/load.js'
import { serviceText } from '../../src/scripts/service/restart-command.js'
import { installed, isHere } from '../support/installed.js'
import { freePort } from '../support/ports.js'

const example = join(import.meta.dirname, '../../examples/systemd')

describe.skipIf(!isHere('systemd-analyze') || !isHere('visudo'))('examples/systemd', () => {
  let root: string
  const units = () => join(root, 'etc/systemd/system')
  const env = { PATH: `${process.env.PATH}:/usr/sbin`, LC_ALL: 'C' }

  beforeAll(() => {
    installed('systemd-analyze')
    installed('visudo')
    root = mkdtempSync(join(tmpdir(), 'clonedeploy-systemd-'))
    const { status, stderr } = spawnSync('sh', [join(example, 'install.sh')], {
      env: { ...env, DESTDIR: root },
      encoding: 'utf8',
    })
    expect([status, stderr]).toEqual([0, ''])
  })
  afterAll(() => rmSync(root, { recursive: true }))

  /** What systemd says of a unit, with one place in its text changed; node is where it is on this machine. */
  function verify(name: string, from = '', to = ''): string {
    const file = join(units(), name)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('/usr/bin/node', process.execPath).replace(from, to))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { env, encoding: 'utf8' })
    writeFileSync(file, text)
    const said = stderr.split('\n').filter(line => line.includes('shop'))
    return [...said, ...(status === 0 ? [] : [`exit ${status}`])].join('\n').replaceAll(`${units()}/`, '')
  }

  it.each(readdirSync(join(example, 'units')))('%s is good, says systemd', name => {
    expect(verify(name)).toBe('')
  })

  it.each([
    ['shop.service', 'User=', 'Usr=', "shop.service:7: Unknown key 'Usr' in section [Service], ignoring."],
    ['shop@.service', 'ProtectSystem=strict', 'ProtectSystem=much', 'Failed to parse protect system value'],
    ['shop.socket', 'ListenStream', 'ListenTo', 'Unit has no Listen setting'],
  ])('%s is not, with a mistake in it', (name, from, to, sentence) => {
    expect(verify(name, from, to)).toContain(sentence)
  })

  it('has a sudoers line that sudo takes, readable by root alone, for the very command of the configuration', async () => {
    const file = join(root, 'etc/sudoers.d/shop')
    expect(statSync(file).mode & 0o777).toBe(0o440)
    const { status, stdout } = spawnSync('visudo', ['-cf', file], { env, encoding: 'utf8' })
    expect([status, stdout]).toEqual([0, `${file}: parsed OK\n`])
    const { restart } = await loadConfig({ cwd: example, file: join(example, 'deploy.config.ts') })
    const asked = restart.flatMap(({ service }) => (service === undefined ? [] : serviceText(service)))
    expect(asked).toEqual(['systemctl restart shop'])
    expect(readFileSync(file, 'utf8').split('\n')).toContain(`deploy ALL=(root) NOPASSWD: /usr/bin/${asked[0]}`)
  })

  it('has an app that takes its port from systemd, and ends with 0 when it is told to', async () => {
    const port = await freePort()
    const activate = ['-l', `127.0.0.1:${port}`, process.execPath, 'server.js']
    const app = spawn('systemd-socket-activate', activate, { cwd: join(example, 'app'), env, stdio: 'ignore' })
    const ask = async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).text()
    expect(await vi.waitFor(ask, { timeout: 300_000 })).toBe('app\n')
    app.kill()
    expect(await once(app, 'exit')).toEqual([0, null])
  })
})

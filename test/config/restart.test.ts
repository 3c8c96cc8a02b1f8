import { describe, expect, it } from 'vitest'
import { describeConfig } from '../../src/config/describe.js'
import { loadConfig } from '../../src/config/load/load.js'
import { jsonProject, minimal, problems } from './project.js'

const raised = (words: string) => `[ "$(id -u)" -ne 0 ] || exec systemctl ${words}\nexec sudo -n systemctl ${words}`
const runtime = `XDG_RUNTIME_DIR=\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR`

describe('a restart', () => {
  it.each([
    [{ systemd: 'shop' }, 'systemctl restart shop', raised("'restart' 'shop'")],
    [{ systemd: 'shop@{1,2}.service' }, 'systemctl restart shop@1.service shop@2.service', null],
    [{ systemd: ['shop', 'worker@{a,b}'] }, 'systemctl restart shop worker@a worker@b', null],
    [{ systemd: 'shop', reload: true }, 'systemctl reload-or-restart shop', raised("'reload-or-restart' 'shop'")],
    [{ systemd: 'shop', sudo: false }, 'systemctl restart shop', "exec systemctl 'restart' 'shop'"],
    [{ systemd: 'shop', sudo: true }, 'systemctl restart shop', "exec sudo -n systemctl 'restart' 'shop'"],
    [
      { systemd: 'shop', user: true },
      'systemctl --user restart shop',
      `${runtime}\nexec systemctl --user 'restart' 'shop'`,
    ],
    [{ pm2: 'shop' }, 'pm2 reload shop', "exec pm2 reload 'shop' --update-env"],
    [
      { pm2: 'shared/ecosystem.config.cjs' },
      'pm2 startOrReload shared/ecosystem.config.cjs',
      "exec pm2 startOrReload './shared/ecosystem.config.cjs' --update-env",
    ],
    [
      { pm2: '/etc/shop.json' },
      'pm2 startOrReload /etc/shop.json',
      "exec pm2 startOrReload '/etc/shop.json' --update-env",
    ],
    [{ touch: './tmp//restart.txt' }, 'touch current/tmp/restart.txt', null],
  ])('%j is the command %s', async (restart, text, run) => {
    const config = await loadConfig({ cwd: await jsonProject({ ...minimal, restart }) })
    expect(describeConfig(config)).toContain(`restart    ${text}   (within 1m)`)
    if (run !== null) expect(config.restart[0]?.run).toBe(run)
  })

  it('keeps its roles and its time, and stands beside others', async () => {
    const restart = ['bin/warm', { systemd: 'shop', roles: ['web'], timeout: '2m' }, { touch: 'x', roles: ['app'] }]
    const hosts = [{ host: 'a', roles: ['web', 'app'] }]
    const config = await loadConfig({ cwd: await jsonProject({ ...minimal, hosts, restart }) })
    expect(config.restart).toMatchObject([
      { run: 'bin/warm', roles: null, timeout: 60_000 },
      { service: { kind: 'systemd', units: ['shop'] }, roles: ['web'], timeout: 120_000 },
      { service: { kind: 'touch', file: 'x' }, roles: ['app'], timeout: 60_000 },
    ])
  })

  it('takes two ports, with a template of units or its own commands', async () => {
    const balancer = { haproxy: { host: 'lb-1', socket: '/run/haproxy.sock', backend: 'web' } }
    const of = async (restart: object) =>
      (await loadConfig({ cwd: await jsonProject({ ...minimal, balancer, restart }) })).restart[0]
    expect(await of({ ports: [3001, 3002], systemd: 'shop@', sudo: false })).toEqual({
      run: `exec systemctl 'start' 'shop@'"$CLONEDEPLOY_PORT"`,
      once: false,
      roles: null,
      timeout: 60_000,
      service: { kind: 'systemd', units: ['shop@3001', 'shop@3002'], verb: 'start', user: false, sudo: false },
      ports: { numbers: [3001, 3002], stop: `exec systemctl 'stop' 'shop@'"$CLONEDEPLOY_PORT"` },
    })
    expect(await of({ ports: [3001, 3002], start: 'bin/start', stop: 'bin/stop' })).toMatchObject({
      run: 'bin/start',
      ports: { numbers: [3001, 3002], stop: 'bin/stop' },
    })
  })

  it.each([
    [
      {},
      'restart  has ports, which need HAProxy or nginx to switch between them: balancer: { haproxy: … } or { nginx: … }',
    ],
    [
      { balancer: { command: { drain: 'd', ready: 'r' } } },
      'restart  has ports, which need HAProxy or nginx to switch between them: balancer: { haproxy: … } or { nginx: … }',
    ],
    [
      { health: { url: 'http://127.0.0.1:3001/up' } },
      'restart  has ports, and health asks port 3001, which serves every other release: write $CLONEDEPLOY_PORT for it',
    ],
    [
      { hosts: [{ host: 'a', roles: ['web'] }, 'b'], restart: { ports: [1, 2], systemd: 'x@', roles: ['web'] } },
      'restart  has ports, but not for b, which is behind the balancer too: say balancer.roles',
    ],
    [
      {
        restart: [
          { ports: [1, 2], systemd: 'x@' },
          { ports: [3, 4], systemd: 'y@' },
        ],
      },
      'restart  starts more than one thing beside the old one on web-1: only one may have ports or switch',
    ],
  ])('by two ports with %j is refused', async (more, line) => {
    const behind = { haproxy: { host: 'lb-1', socket: '/run/haproxy.sock', backend: 'web' } }
    const balancer = Object.keys(more).length === 0 ? {} : { balancer: behind }
    const restart = { ports: [3001, 3002], systemd: 'shop@' }
    expect(await problems({ ...minimal, hosts: ['web-1'], restart, ...balancer, ...more })).toEqual([line])
  })

  it('takes the four commands by which a release is warm before it has the traffic', async () => {
    const warm = { warm: 'bin/warm', ready: 'bin/ready', switch: 'bin/switch', cool: 'bin/cool' }
    const config = await loadConfig({ cwd: await jsonProject({ ...minimal, restart: { ...warm, timeout: '20s' } }) })
    expect(config.restart).toEqual([
      {
        run: 'bin/switch',
        once: false,
        roles: null,
        timeout: 20_000,
        warm: { warm: 'bin/warm', ready: 'bin/ready', cool: 'bin/cool' },
      },
    ])
    expect(describeConfig(config)).toContain(
      'restart    warm: bin/warm; ready: bin/ready; switch: bin/switch; cool: bin/cool   (within 20s)',
    )
  })

  it.each<[object, ...string[]]>([
    [{ warm: 'a', ready: 'b', switch: 'c' }, 'restart.cool  is missing'],
    [{ warm: 'a', ready: 'b', cool: 'c' }, 'restart.switch  is missing'],
    [
      { switch: 'a', run: 'b' },
      'restart.switch  a restart has only one of run, systemd, pm2, touch, switch and ports; make two restarts of it',
    ],
    [
      { systemd: 'shop@*' },
      'restart.systemd  is no name of a unit: "shop@*"; write it like shop, shop@1 or shop@{1,2}',
    ],
    [
      { systemd: ['a', '-H'] },
      'restart.systemd[1]  is no name of a unit: "-H"; write it like shop, shop@1 or shop@{1,2}',
    ],
    [{ systemd: [] }, 'restart.systemd  names no unit'],
    [{ systemd: 'shop', user: true, sudo: true }, 'restart.sudo  has no use for units of the login itself'],
    [{ systemd: 'shop', relaod: true }, 'restart.relaod  unknown key; did you mean "reload"?'],
    [
      { systemd: 'shop', run: 'x' },
      'restart.systemd  a restart has only one of run, systemd, pm2, touch, switch and ports; make two restarts of it',
    ],
    [
      { pm2: 'shop', once: true },
      'restart.once  only a prepare command can run once; restart has to happen on every host',
    ],
    [{ pm2: '--all' }, 'restart.pm2  begins with "-": pm2 would take it for an option: "--all"'],
    [
      { pm2: 'current/ecosystem.config.js' },
      'restart.pm2  lies in a release, and pm2 would stay on that one: keep it outside, such as in "shared/", with an absolute cwd of …/current',
    ],
    [{ touch: '/etc/x' }, 'restart.touch  should be a relative path, got "/etc/x"'],
    [{ ports: [1, 1], systemd: 'x@' }, 'restart.ports  should be two ports, got one of them twice'],
    [
      { ports: [1, 2], start: 'a' },
      'restart.ports  needs either systemd, the template of its units such as "shop@", or start and stop',
    ],
    [
      { ports: [1, 2], systemd: 'shop' },
      'restart.systemd  is no template of units: "shop"; write it like "shop@": the instance is the port',
    ],
    [{ touch: '../x' }, 'restart.touch  has ".." in it: "../x"'],
  ])('%j is refused', async (restart, ...lines) => {
    expect(await problems({ ...minimal, restart })).toEqual(lines)
  })
})

import { chmodSync, linkSync, mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Service, serviceCommand } from '../../src/scripts/service/restart-command.js'
import { checkServices, parseServices } from '../../src/scripts/service/service-check.js'
import { command } from '../../src/scripts/shell/hook.js'
import { contents, writeFiles } from '../support/files.js'
import { folder, run, type Shell, shellsOnPath } from '../support/scripts.js'

const systemd = (more: object = {}) =>
  ({ kind: 'systemd', units: ['shop', 'shop@1'], user: false, verb: 'restart', sudo: 'auto', ...more }) as Service
const pm2File = (file: string): Service => ({ kind: 'pm2', file, name: null })
const touch: Service = { kind: 'touch', file: 'tmp/restart.txt' }

/** Programs that come first on the PATH, and write down how they were called. */
function programs(names: Readonly<Record<string, string>>) {
  const dir = folder('programs')
  for (const [name, then] of Object.entries({ id: 'exec /usr/bin/id "$@"', ...names })) {
    const record = name === 'id' ? '' : `echo "${name} $* | \${XDG_RUNTIME_DIR-}" >>${dir}/called\n`
    writeFileSync(join(dir, name), `#!/bin/sh\n${record}${then}\n`)
    chmodSync(join(dir, name), 0o755)
  }
  return {
    dir,
    called: () =>
      (contents(dir)['./called'] ?? '')
        .replace(/^file \d+ /, '')
        .split('\n')
        .slice(0, -1),
  }
}

const asDeploy = 'case $1 in -un) echo deploy ;; *) echo 1234 ;; esac'

describe.each(shellsOnPath)('a service under $name', shell => {
  const restart = async (service: Service, names: Readonly<Record<string, string>>) => {
    const made = programs(names)
    const root = folder()
    mkdirSync(join(root, 'current'))
    const hook = { folder: '.', run: serviceCommand(service), timeout: 10 }
    const env = { PATH: `${made.dir}:${shell.path}` }
    const { code } = await run(command(root, hook, {}), shell, { env })
    return { code, called: made.called() }
  }

  it.each<[Service, string, readonly string[]]>([
    [systemd(), asDeploy, ['sudo -n systemctl restart shop shop@1 | ']],
    [systemd(), 'echo 0', ['systemctl restart shop shop@1 | ']],
    [systemd({ sudo: false, verb: 'reload-or-restart' }), asDeploy, ['systemctl reload-or-restart shop shop@1 | ']],
    [systemd({ sudo: false, user: true }), asDeploy, ['systemctl --user restart shop shop@1 | /run/user/1234']],
    [pm2File('shared/eco.cjs'), asDeploy, ['pm2 startOrReload ./shared/eco.cjs --update-env | ']],
    [{ kind: 'pm2', file: null, name: 'my shop' }, asDeploy, ['pm2 reload my shop --update-env | ']],
  ])('%j calls its program', async (service, id, called) => {
    expect(await restart(service, { id, sudo: '', systemctl: '', pm2: '' })).toEqual({ code: 0, called })
  })

  it('fails as its program does', async () => {
    expect((await restart(systemd(), { id: asDeploy, sudo: 'exit 1' })).code).toBe(90)
  })

  it.each([
    ['is not there', {}],
    [
      'holds text and is a hard link into the release before',
      { 'releases/b/tmp/restart.txt': { mode: 0o755, text: 'x' } },
    ],
    ['lies in a shared folder', { 'releases/b/tmp': { link: '../../shared/tmp' }, 'shared/tmp/': '' }],
  ] as const)('touches a file that %s, as a new one', async (_, files) => {
    const root = folder()
    writeFiles(root, { 'releases/b/': '', ...files })
    symlinkSync('releases/b', join(root, 'current'))
    const file = join(root, 'current/tmp/restart.txt')
    const before = join(root, 'before')
    if ('releases/b/tmp/restart.txt' in files) {
      linkSync(file, before)
      utimesSync(before, 1000, 1000)
    }
    const old = contents(root)
    const hook = { folder: '.', run: serviceCommand(touch), timeout: 10 }
    const began = Date.now() - 1000
    expect(await run(command(root, hook, {}), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(statSync(file).mtimeMs).toBeGreaterThan(began)
    expect(contents(root)).toMatchObject(old)
    if ('releases/b/tmp/restart.txt' in files) expect(statSync(before).mtimeMs).toBe(1_000_000)
  })
})

describe.each(shellsOnPath)('what a service needs, asked under $name', shell => {
  const faults = async (service: Service, names: Readonly<Record<string, string>>, root = folder()) => {
    const made = programs({ id: asDeploy, ...names })
    const path = `${made.dir}:${bare(shell)}`
    const { code, stdout, stderr } = await run(checkServices(root, [touch, service], { PATH: path }), shell)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { who, faults } = parseServices(Buffer.from(stdout, 'latin1'), 2)
    expect(who).toBe('deploy')
    return { called: made.called(), faults: faults.map(({ service, what, detail }) => [service, what, detail]) }
  }

  it('is all there, and only asked for', async () => {
    const { called, faults: none } = await faults(systemd(), {
      sudo: 'echo /usr/bin/systemctl',
      systemctl: 'echo unit',
    })
    expect(none).toEqual([])
    expect(called).toEqual([
      'sudo -n -l systemctl restart shop shop@1 | ',
      'systemctl cat shop | ',
      'systemctl cat shop@1 | ',
    ])
  })

  it('is told with the words of the host', async () => {
    const names = {
      sudo: 'echo "we trust you" >&2; echo "sudo: a password is required" >&2; exit 1',
      systemctl: '[ "$2" = shop ] || { echo "No files found for $2.service." >&2; exit 1; }',
    }
    expect((await faults(systemd(), names)).faults).toEqual([
      [1, 'denied', 'sudo: a password is required'],
      [1, 'no-unit', 'shop@1 No files found for shop@1.service.'],
    ])
  })

  it.each<[string, Service, Readonly<Record<string, string>>, readonly (string | number)[]]>([
    ['no sudo', systemd({ sudo: true }), { systemctl: '' }, [1, 'no-sudo', '']],
    ['no systemctl', systemd(), { sudo: '' }, [1, 'no-systemctl', '']],
    [
      'no manager of the user',
      systemd({ user: true, sudo: false }),
      { systemctl: '' },
      [1, 'no-manager', '/run/user/1234'],
    ],
  ])('finds %s', async (_, service, names, fault) => {
    expect((await faults(service, names)).faults).toEqual([fault])
  })

  it('finds that pm2 and its file are missing', async () => {
    const root = folder()
    const told = (await faults(pm2File('shared/eco.cjs'), {}, root)).faults
    expect(told).toEqual([
      [1, 'no-pm2', expect.stringContaining('programs')],
      [1, 'no-file', `${root}/shared/eco.cjs`],
    ])
    writeFiles(root, { 'shared/eco.cjs': '' })
    expect((await faults(pm2File('shared/eco.cjs'), { pm2: '' }, root)).faults).toEqual([])
  })
})

/** The shell's programs without sudo and systemctl, which the machine may have. */
function bare({ name, path }: Shell): string {
  if (name === 'busybox') return path
  const dir = folder('bare')
  for (const tool of ['cat', 'grep', 'tail', 'tr', 'cut', 'sh']) symlinkSync(`/usr/bin/${tool}`, join(dir, tool))
  return dir
}

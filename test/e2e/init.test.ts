import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'
import { onTerminal } from '../support/terminal.js'

const enter = '\r'
const up = '\u001b[A'

describe.skipIf(!sshdIsHere())('init', () => {
  const here = onFleet({ hosts: 2 })
  const path = (name: string) => join(here.project.root, name)
  const text = (name: string) => readFileSync(path(name), 'utf8')
  const files = () => readdirSync(here.project.root).sort()
  const flags = (more = '') => `init --yes --app shop --host h1 --host h2 --path ${here.project.on(1)} ${more}`
  /** An ssh configuration in the project, to which h2 is a stranger. */
  const strange = () => {
    const { fleet } = here
    const known = readFileSync(fleet.knownHosts, 'utf8').split('\n')
    writeFileSync(path('known'), `${known.find(line => line.includes(`:${fleet.port(1)} `))}\n`)
    const config = readFileSync(fleet.sshConfigFile, 'utf8').replaceAll(fleet.knownHosts, path('known'))
    writeFileSync(path('ssh_config'), config)
  }

  beforeEach(() => rmSync(path('deploy.config.json')))

  it('writes what flags say, says how the hosts are, and what it wrote is deployed', async () => {
    const { project, fleet } = here
    const only = `init --yes --app shop --host h1 --path ${project.on(1)} --ssh-config ${fleet.sshConfigFile}`
    const { code, stdout, stderr } = await project.run(`${only} --restart true`)
    expect(code).toBe(0)
    expect(stderr).toMatch(
      new RegExp(
        `^✔ h1 {2}\\w+@127.0.0.1:${fleet.port(1)} {2}host key known {2}[\\d.]+ .B free {2}tar gzip( zstd)?\n$`,
      ),
    )
    expect(stdout).toBe(`Wrote deploy.config.ts  .deployignore
What this project is built with was not recognised: say its build, what of it is released and what restarts it.
No health check: an app that does not start counts as deployed. Add health to the configuration.
Next: clonedeploy check  →  clonedeploy deploy --dry-run
`)
    expect(text('deploy.config.ts')).toBe(`import { defineConfig } from 'clonedeploy'

export default defineConfig({
  app: 'shop',

  // This folder, as it is.
  source: { dir: '.' },

  // As for ssh: an alias of your ssh config, or user@host:port.
  hosts: ['h1'],
  deployTo: '${project.on(1)}',
  ssh: { configFile: '${fleet.sshConfigFile}' },

  // What belongs to a host and outlives releases, linked from shared/ into each of them:
  // shared: { dirs: ['uploads'], files: ['.env'] },

  // Makes the app serve what \`current\` points at, and the old release again when all hosts go back.
  restart: 'true',

  // Asked on each host: unless all are well in time, all of them go back.
  // health: { url: 'http://127.0.0.1:3000/healthz' },
})
`)
    expect(text('.deployignore')).toContain('\n/deploy.config.*\n')
    expect(await project.run('config')).toMatchObject({ code: 0 })
    expect(await project.run('deploy')).toMatchObject({ code: 0 })
    expect(readdirSync(project.on(1, 'current')).sort()).toEqual(['REVISION', 'app'])
    expect(text('.clonedeploy/.gitignore')).toBe('*\n')
  })

  exhaustively(
    'asks on a terminal, takes what package.json and git say, and marks the host that is not trusted',
    async () => {
      strange()
      const packageJson = {
        name: '@acme/shop',
        scripts: { build: 'vite build', start: 'node .' },
        dependencies: { vite: '7' },
      }
      here.project.write({ 'package.json': JSON.stringify(packageJson), 'package-lock.json': '{}' })
      here.project.git('init', '-q', '-b', 'trunk')
      const { code, screen } = await onTerminal(here.project.root, 'init --ssh-config ssh_config', [
        ['App name (from package.json)', enter],
        ['Build, on this machine', enter],
        ['makes the release', enter],
        ['in your ssh config: h1, h2', `h1 h2${enter}`],
        ['has white space in it', `${'\u007f'.repeat(5)}h1, x.invalid${enter}`],
        ['x.invalid is no alias of your ssh config and has no address', ''],
        ['Hosts', `${'\u007f'.repeat(9)}h2${enter}`],
        ['Deploy path', enter],
        ['Restart', enter],
        ['Health check', `localhost${enter}`],
        ['should begin with http://', `${'\u007f'.repeat(9)}http://127.0.0.1:3000/healthz${enter}`],
        ['CI workflow', up + enter],
      ])
      expect(code).toBe(0)
      expect(screen).toMatch(/[✔✖] h1 {2}\w+@127\.0\.0\.1:\d+ {2}host key known/)
      expect(screen).toContain('✖ h2  is not trusted: its host key is in no known_hosts file')
      expect(screen).toMatch(/h2 \[127\.0\.0\.1\]:\d+ offered {2}ED25519 SHA256:/)
      expect(screen).toContain('then:           clonedeploy trust h2')
      expect(screen).toContain('Wrote deploy.config.ts  .deployignore  .github/workflows/deploy.yml')
      expect(screen).toContain('Next: clonedeploy check  →  clonedeploy deploy --dry-run')
      const pin = /hostKey: '(SHA256:[A-Za-z0-9+/]{43})'/.exec(text('deploy.config.ts'))?.[1] ?? ''
      expect(text('deploy.config.ts')).toBe(`import { defineConfig } from 'clonedeploy'

export default defineConfig({
  app: 'shop',

  // A clean checkout of the commit that is checked out here: what is not committed is not deployed.
  source: { git: '.' },
  build: ['npm ci', 'npm run build'],
  include: ['dist', 'node_modules', 'package.json'],

  // As for ssh: an alias of your ssh config, or user@host:port.
  hosts: [{ name: 'h1', hostKey: '${pin}' }, 'h2'],
  deployTo: '/srv/shop',
  ssh: { configFile: 'ssh_config' },

  // What belongs to a host and outlives releases, linked from shared/ into each of them:
  // shared: { dirs: ['uploads'], files: ['.env'] },

  // Makes the app serve what \`current\` points at, and the old release again when all hosts go back.
  // In sudoers: LOGIN ALL=(root) NOPASSWD: /usr/bin/systemctl restart shop
  restart: { systemd: 'shop' },

  // Asked on each host: unless all of them answer 200 in time, all of them go back.
  // With release: 'body' the answer must also name the release: then an old process cannot pass for the new one.
  health: { url: 'http://127.0.0.1:3000/healthz' },
})
`)
      expect(text('.github/workflows/deploy.yml')).toContain('    branches: ["trunk"]\n')
      expect(await here.project.run('config')).toMatchObject({ code: 0 })
    },
  )

  it.each([
    ['the first question', []],
    [
      'a choice',
      [
        ['App name', enter],
        ['Build', enter],
        ['Hosts', `h1${enter}`],
        ['Deploy path', enter],
      ] as const,
    ],
  ])('writes nothing and ends with 130 when %s is called off', async (_, answered) => {
    const before = files()
    const question = answered.length === 0 ? 'App name' : 'Restart'
    const { code, screen } = await onTerminal(here.project.root, `init --ssh-config ${here.fleet.sshConfigFile}`, [
      ...answered,
      [question, '\u0003'],
    ])
    expect(screen).toContain('✖ Stopped: you called it off. Nothing was changed.')
    expect(code).toBe(130)
    expect(files()).toEqual(before)
  })

  exhaustively('writes a command of one’s own, and no file that is there, unless it is forced', async () => {
    here.project.write({ '.deployignore': 'mine\n' })
    const asked = `init --app shop --host h1 --path shop --build make --include dist --no-check`
    const { code, screen } = await onTerminal(here.project.root, asked, [
      ['Restart', up + enter],
      ['Command, run in current', `touch "it's up"${enter}`],
      ['Health check', enter],
      ['CI workflow', enter],
    ])
    expect([code, screen]).toEqual([0, expect.stringContaining('Kept  .deployignore   (there already; --force')])
    expect(text('.deployignore')).toBe('mine\n')
    expect(text('deploy.config.ts')).toContain(`  restart: 'touch "it\\'s up"',\n`)
    const again = await here.project.run(flags('--no-check'))
    expect([again.code, again.stderr]).toEqual([2, '✖ deploy.config.ts exists; --force overwrites it\n'])
    const forced = await here.project.run(flags('--no-check --force'))
    expect([forced.code, forced.stdout]).toEqual([
      0,
      expect.stringContaining('Wrote deploy.config.ts  .deployignore\n'),
    ])
    expect(text('.deployignore')).not.toContain('mine')
    expect(text('deploy.config.ts')).toContain("hosts: ['h1', 'h2'],")
  })

  it.each([
    ['init', '--yes, --app NAME, --host HOST (once for each), --path FOLDER'],
    ['init --yes --app shop', '--host HOST (once for each), --path FOLDER'],
    ['init --app shop --host h1 --path /srv/shop', '--yes'],
  ])('`%s` where nobody is asked names what is not said, and writes nothing', async (words, missing) => {
    const before = files()
    const { code, stderr } = await here.project.run(words)
    expect(code).toBe(2)
    expect(stderr).toContain(`✖ Nobody is asked here, and something is not said: ${missing}. Nothing was written.\n`)
    expect(files()).toEqual(before)
  })

  it('refuses what makes no configuration, and what could not be read, before anything is written', async () => {
    const { project } = here
    const wrong = await project.run('init --yes --app shop --host h1 --host h1 --path srv/../shop --no-check')
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      `✖ That makes no configuration. Nothing was written.

  deployTo   has ".." in it: "srv/../shop"
  hosts[1]   "h1" is the same host and folder as hosts[0]
`,
    ])
    project.write({ 'deploy.config.mjs': '' })
    const two = await project.run(flags('--no-check --force'))
    expect([two.code, two.stderr]).toEqual([2, expect.stringContaining('✖ deploy.config.mjs exists: of two')])
    mkdirSync(path('other.ts'))
    expect((await project.run(flags('-c other.ts'))).stderr).toBe('✖ other.ts is there, and is no file.\n')
    expect((await project.run(flags('-c other.json'))).code).toBe(2)
    expect(existsSync(path('.deployignore'))).toBe(false)
  })

  exhaustively('writes all files or none', async () => {
    here.project.write({ '.github': 'a file where the folder should be' })
    const before = files()
    const { code, stderr } = await here.project.run(flags('--no-check --ci github'))
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^✖ The files cannot be written: .* Nothing was written\.\n$/),
    ])
    expect(files()).toEqual(before)
  })

  it('writes the files although no host can be reached, and says which in JSON', async () => {
    const { project, fleet } = here
    await fleet.stopHost(2)
    const { code, json, stderr } = await project.run(flags(`--json --ssh-config ${fleet.sshConfigFile}`))
    await fleet.startHost(2)
    expect([code, stderr]).toEqual([0, expect.stringContaining('✖ h2')])
    expect(json()).toMatchObject({
      v: 1,
      command: 'init',
      exitCode: 0,
      written: ['deploy.config.ts', '.deployignore'],
      kept: [],
      hosts: [
        { name: 'h1', ok: true, address: '127.0.0.1', hostKey: expect.stringMatching(/^SHA256:/), problems: [] },
        { name: 'h2', ok: false, address: null, problems: [expect.stringContaining('h2')] },
      ],
      notes: [
        expect.stringContaining('not recognised'),
        'h2: nothing can be deployed before the ✖ above is put right.',
      ],
    })
  })

  it('contacts no host with --no-check', async () => {
    const before = here.fleet.contacts(1)
    const { code, stdout } = await here.project.run(flags(`--no-check --ssh-config ${here.fleet.sshConfigFile}`))
    expect([code, stdout]).toEqual([0, expect.stringContaining('\nNo host was contacted.\n')])
    expect(here.fleet.contacts(1)).toBe(before)
  })

  it('prints the boot resolver with --boot-resolver, as boot-resolver does', async () => {
    await here.project.run(flags('--no-check'))
    const { code, stdout } = await here.project.run('init --boot-resolver')
    expect([code, stdout]).toEqual([0, (await here.project.run('boot-resolver')).stdout])
    expect(stdout).toContain('#!/bin/sh')
  })
})

import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { both, onFleet } from '../support/on-fleet.js'
import { type Project, textOf } from '../support/project.js'
import { proposed } from '../support/proposed.js'
import { sshdIsHere, type TestFleet } from '../support/sshd.js'
import { onTerminal } from '../support/terminal.js'
import { tried } from '../support/tier.js'

interface Situation {
  /** More of the configuration. */
  readonly config?: (at: string) => object
  readonly host?: (i: number, at: string) => object
  readonly make?: (project: Project, fleet: TestFleet) => Promise<unknown> | unknown
  /** Typed with the stage and the configuration. */
  readonly command: string
  readonly code: number
  /** Every command that is proposed, in its order, and the exit codes with which it may end when it is typed. */
  readonly typed: readonly (readonly [command: string, code: number])[]
  /** What goes through once they were typed. */
  readonly after?: string
  readonly everyday?: true
}

const blue = 'blue -c fleet.json'
const run = (project: Project, command: string) => {
  const [name = '', ...flags] = command.split(' ')
  return project.run([name, blue, ...flags].join(' '))
}
const deploy = async (project: Project, version: string) => {
  project.write({ 'app/version': `${version}\n` })
  expect(await run(project, 'deploy')).toMatchObject({ code: 0 })
}
const relink = (project: Project, target: string) => {
  rmSync(project.on(2, 'current'))
  symlinkSync(target, project.on(2, 'current'))
}
const older = (project: Project) => `releases/${project.releases(2)[0]}`
const sick = { health: { run: '[ ! -e "$AT/sick" ]', timeout: '1s', tryTimeout: '1s' } }
const restart = 'rm -f "$AT/sick"'
const get = (at: string) => ({ env: { AT: at } })

const makeFolder = (project: Project) => mkdirSync(project.on(2, 'current'), { recursive: true })
const leadNowhere = async (project: Project) => {
  await deploy(project, 'one')
  relink(project, 'releases/gone')
}

const situations: Readonly<Record<string, Situation>> = {
  'a host whose key nobody knows': {
    host: (_, at) => ({ knownHosts: join(at, 'known_hosts') }),
    command: 'deploy',
    code: 3,
    typed: [['trust --stage blue -c fleet.json h1,h2', 0]],
    after: 'deploy',
    everyday: true,
  },
  'a host that does not answer': {
    async make(_, fleet) {
      await fleet.stopHost(2)
      onTestFinished(() => fleet.startHost(2))
    },
    command: 'status',
    code: 6,
    typed: [['check', 3]],
  },
  'a shared file that is missing': {
    config: () => ({ shared: { files: ['.env'] } }),
    command: 'deploy',
    code: 3,
    typed: [],
  },
  'a current that is a folder': {
    make: makeFolder,
    command: 'check',
    code: 3,
    typed: [['mv ROOT2/current ROOT2/current.old', 0]],
    after: 'deploy',
  },
  'a current that is a folder, in status': {
    make: makeFolder,
    command: 'status',
    code: 6,
    typed: [['check', 3]],
  },
  'a current that leads nowhere': {
    make: leadNowhere,
    command: 'deploy --force',
    code: 3,
    typed: [['rm ROOT2/current', 0]],
    after: 'deploy --force',
  },
  'a current that leads nowhere, in status': {
    make: leadNowhere,
    command: 'status',
    code: 6,
    typed: [['repair', 0]],
    after: 'status',
  },
  'a record that is damaged': {
    async make(project) {
      await deploy(project, 'one')
      writeFileSync(project.on(2, '.clonedeploy/fleet'), '{')
    },
    command: 'deploy --force',
    code: 3,
    typed: [['mv ROOT2/.clonedeploy/fleet ROOT2/.clonedeploy/damaged-fleet', 0]],
    after: 'deploy --force',
    everyday: true,
  },
  'files that are not as they were made': {
    async make(project) {
      await deploy(project, 'one')
      appendFileSync(project.on(2, 'current/version'), 'more\n')
    },
    command: 'status --verify',
    code: 6,
    typed: [['repair', 0]],
    after: 'status --verify',
  },
  'a rollback to what is not as it was made': {
    async make(project) {
      for (const version of ['one', 'two', 'three']) await deploy(project, version)
      for (const i of both) appendFileSync(project.on(i, `releases/${project.releases(i)[1]}/version`), 'more\n')
      rmSync(join(project.root, '.clonedeploy/cache'), { recursive: true })
    },
    command: 'rollback --yes',
    code: 3,
    typed: [
      ['rollback --to RELEASE --yes', 0],
      ['rollback --to RELEASE --accept-drift --yes', 0],
    ],
  },
  'a rollback to nothing': {
    make: project => deploy(project, 'one'),
    command: 'rollback --yes',
    code: 3,
    typed: [['releases', 0]],
  },
  'a host that is behind': {
    async make(project) {
      await deploy(project, 'one')
      await deploy(project, 'two')
      relink(project, older(project))
    },
    command: 'status',
    code: 6,
    typed: [['repair', 0]],
    after: 'status',
    everyday: true,
  },
  'a host that is new': {
    async make(project) {
      await deploy(project, 'one')
      rmSync(project.on(2), { recursive: true })
    },
    command: 'status',
    code: 6,
    typed: [['join --host h2', 0]],
    after: 'status',
  },
  'an app that is not healthy and can be restarted': {
    config: at => ({ ...get(at), ...sick, restart }),
    async make(project) {
      await deploy(project, 'one')
      project.write({ sick: '' })
    },
    command: 'status',
    code: 6,
    typed: [
      ['restart --only h1', 0],
      ['restart --only h2', 0],
    ],
    after: 'status',
  },
  'the same in a deploy that has nothing to do': {
    config: at => ({ ...get(at), ...sick, restart }),
    async make(project) {
      await deploy(project, 'one')
      project.write({ sick: '' })
    },
    command: 'deploy',
    code: 6,
    typed: [['restart', 0]],
    after: 'status',
  },
  'an app that is not healthy and that nobody can restart': {
    config: at => ({ ...get(at), ...sick }),
    async make(project) {
      await deploy(project, 'one')
      project.write({ sick: '' })
    },
    command: 'status',
    code: 6,
    typed: [
      ['run --stage blue -c fleet.json --only h1 -- ps x', 0],
      ['run --stage blue -c fleet.json --only h2 -- ps x', 0],
    ],
  },
  'a deploy that was put back': {
    config: at => ({
      ...get(at),
      logs: { file: 'current/log' },
      health: { run: 'grep -q one version', timeout: '1s', tryTimeout: '1s' },
    }),
    async make(project) {
      project.write({ 'app/log': 'what the app said\n' })
      await deploy(project, 'one')
      project.write({ 'app/version': 'two\n' })
    },
    command: 'deploy',
    code: 5,
    typed: [['logs --stage blue -c fleet.json h1 --release RELEASE', 0]],
    everyday: true,
  },
  'a restart that fails': {
    config: at => ({ ...get(at), restart: '[ ! -e "$AT/broken" ]' }),
    async make(project) {
      await deploy(project, 'one')
      project.write({ broken: '' })
    },
    command: 'restart',
    code: 6,
    typed: [
      ['status', 0],
      ['restart', 6],
    ],
  },
  'a restart of nothing': {
    config: () => ({ restart: 'true' }),
    command: 'restart',
    code: 3,
    typed: [['deploy', 0]],
    after: 'restart',
  },
  'a join to nothing': { command: 'join --host h2', code: 3, typed: [['deploy', 0]] },
  'a lock of a person, in check': {
    make: project => run(project, 'lock'),
    command: 'check',
    code: 3,
    typed: [['unlock --tx TX', 0]],
  },
  'a swap that a dead run left, in check': {
    config: at => ({ ...get(at), restart: 'grep -q one version || { : >"$AT/held.$CLONEDEPLOY_HOST"; sleep 60; }' }),
    async make(project) {
      await deploy(project, 'one')
      project.write({ 'app/version': 'two\n' })
      const running = project.start(`deploy ${blue}`)
      await vi.waitFor(() => expect(both.filter(i => !existsSync(join(project.root, `held.h${i}`)))).toEqual([]), {
        timeout: 300_000,
        interval: 20,
      })
      running.child.kill('SIGKILL')
      await running.ended
    },
    command: 'check',
    code: 3,
    typed: [['repair', 0]],
    after: 'check',
  },
  'a stage that another one deployed to': {
    async make(project) {
      const other = JSON.parse(textOf(join(project.root, 'fleet.json')))
      project.write({ 'other.json': JSON.stringify({ ...other, app: 'other' }) })
      expect(await project.run('deploy blue -c other.json')).toMatchObject({ code: 0 })
    },
    command: 'deploy',
    code: 3,
    typed: [['deploy --adopt', 0]],
    after: 'status',
  },
}

describe.skipIf(!sshdIsHere())('every command that is proposed works when it is typed at once, after', () => {
  const here = onFleet({ hosts: both.length })

  it.each(tried(Object.keys(situations), name => situations[name]?.everyday === true))('%s', async name => {
    const { project, fleet } = here
    const { config, host, make, command, code, typed, after } = situations[name] as Situation
    const { root } = project
    project.configure(
      { stages: { blue: {}, green: { hosts: ['elsewhere'] } }, ...config?.(root) },
      i => host?.(i, root) ?? {},
    )
    renameSync(join(root, 'deploy.config.json'), join(root, 'fleet.json'))
    await make?.(project, fleet)
    const ended = await run(project, command)
    const told = `${ended.stdout}${ended.stderr}`
    expect([ended.code, told]).toEqual([code, expect.anything()])
    const commands = [...new Set(proposed(told))]
    expect(commands.map(text => plain(text, project))).toEqual(typed.map(([text]) => complete(text)))
    for (const [i, text] of commands.entries()) expect([text, await type(text, project)]).toEqual([text, typed[i]?.[1]])
    if (after !== undefined) expect([after, (await run(project, after)).code]).toEqual([after, 0])
  })

  exhaustively('init, with a configuration of another name', async () => {
    const { project, fleet } = here
    const path = join(fleet.folder(1), 'init')
    const asked = `init --yes --app shop --host h1 --path ${path} --ssh-config ${fleet.sshConfigFile} --no-check`
    const refused = await project.run(asked)
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('of two configurations')])
    const [again = ''] = proposed(refused.stderr)
    const made = await project.run(again.replace(/^clonedeploy /, ''))
    expect([again, made.code]).toEqual([`clonedeploy ${asked} --config other.config.ts`, 0])
    const next = proposed(made.stdout)
    expect(next).toEqual(['clonedeploy check -c other.config.ts', 'clonedeploy deploy -c other.config.ts --dry-run'])
    for (const text of next) expect([text, await type(text, project)]).toEqual([text, 0])
    writeFileSync(join(project.root, 'deploy.config.mjs'), 'export default {}')
    const two = await project.run('check')
    expect([two.code, proposed(two.stderr)]).toEqual([2, ['clonedeploy config --config deploy.config.mjs']])
  })

  function plain(text: string, project: Project): string {
    return text
      .replaceAll(project.on(2), 'ROOT2')
      .replace(/\d{8}-\d{6}-\w{7}/, 'RELEASE')
      .replace(/(?<=--tx )\w+/, 'TX')
  }

  function complete(text: string): string {
    if (/^(mv|rm) /.test(text)) return text
    if (text.includes('fleet.json')) return `clonedeploy ${text}`
    const [name, ...flags] = text.split(' ')
    return ['clonedeploy', name, blue, ...flags].join(' ')
  }

  async function type(text: string, project: Project): Promise<number | null> {
    const words = text.replace(/^clonedeploy /, '')
    if (words === text) return execFileSync('sh', ['-c', text]).length
    if (!words.startsWith('trust ')) return (await project.run(words)).code
    const yes = both.map(i => [`Is this the key of h${i}?`, 'y'] as const)
    return (await onTerminal(project.root, words, yes)).code
  }
})

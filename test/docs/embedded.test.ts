import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askApps } from '../../src/embedded/apps.js'
import { clonedeploy } from './here.js'
import { blocks, document, table } from './markdown.js'

const repository = join(import.meta.dirname, '../..')
const recipe = document('docs/recipes/embedded-fleet.md')
const root = realpathSync(mkdtempSync(join(tmpdir(), 'clonedeploy-docs-')))
const fleet = join(root, '.clonedeploy/fleet')
let deployed = ''

beforeAll(async () => {
  cpSync(join(repository, 'examples/hello'), join(root, 'examples/hello'), { recursive: true })
  const config = document('deploy.config.ts').replace('keepReleases: 5,', "$& logs: { file: 'shared/app.log' },")
  writeFileSync(join(root, 'deploy.config.ts'), config)
  const { code, stdout } = await clonedeploy(root, 'deploy', '--json')
  expect(code).toBe(0)
  deployed = stdout
})

afterAll(() => {
  execFileSync('sh', [join(fleet, 'stop')])
  rmSync(root, { recursive: true, maxRetries: 10 })
})

// Each test begins where the one before it ended.
describe('a fleet inside the process', { shuffle: false }, () => {
  it('a deploy prints JSON as json.md shows it', () => {
    const shown = JSON.parse(blocks(document('docs/json.md'), 'json')[0] ?? '')
    const printed = JSON.parse(deployed)
    expect(Object.keys(printed)).toEqual(Object.keys(shown))
    expect(Object.keys(printed.hosts[0])).toEqual(Object.keys(shown.hosts[0]))
    expect([printed.result, printed.exitCode, printed.hosts.length]).toEqual([shown.result, shown.exitCode, 3])
  })

  it('a host holds what operating.md draws', () => {
    const drawn = blocks(document('docs/operating.md'), '').find(text => text.startsWith('deployTo/')) ?? ''
    const words = drawn.split('\n').flatMap(
      line =>
        line
          .match(/^ {4}([a-z]+\/? )+[a-z]+/)?.[0]
          .trim()
          .split(' ') ?? [],
    )
    const host = join(fleet, 'web-1/hello')
    expect(readdirSync(host).sort()).toEqual(['.clonedeploy', 'current', 'releases', 'shared'])
    expect(readdirSync(join(host, '.clonedeploy')).sort()).toEqual(words.map(word => word.replace('/', '')).sort())
  })

  it('the apps stay up when the command has ended, at the ports that the recipe names', async () => {
    const [, line = ''] = (blocks(recipe, 'sh')[0] ?? '').split('\n')
    const ports = execFileSync('sh', ['-c', line], { cwd: root, encoding: 'utf8' })
    const answers = await askApps(fleet)
    expect(answers.map(({ port }) => `${port}\n`).join('')).toBe(ports)
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  })

  it.each(
    table(document('docs/json.md'), '| command | keys beside').map(([command, keys]) => [word(command), keys] as const),
  )('%s --json prints the keys that json.md names', async (command, keys) => {
    const args = command === 'maintenance' ? ['maintenance', 'on'] : command.split(' ')
    const { stdout } = await clonedeploy(root, ...args, ...(await lockArgs(command)), '--json')
    const printed = Object.keys(JSON.parse(stdout)).filter(key => key !== 'v' && key !== 'command')
    expect(printed.sort()).toEqual(keys?.match(/\w+/g)?.sort())
    if (command === 'maintenance') expect((await clonedeploy(root, 'maintenance', 'off')).code).toBe(0)
  })

  it('an offline dry run runs no command of the project', async () => {
    writeFileSync(
      join(root, 'deploy.config.json'),
      JSON.stringify({ app: 'a', source: { dir: '.' }, build: 'touch built', deployTo: 'a', hosts: ['web-1.invalid'] }),
    )
    const run = await clonedeploy(root, 'deploy', '--dry-run', '--offline', '--config', 'deploy.config.json')
    expect(run.code).toBe(0)
    expect(run.stdout).toContain('hosts were not contacted')
    expect(readdirSync(root)).not.toContain('built')
    expect(
      (await clonedeploy(root, 'deploy', '--dry-run', '--offline', '--build', '--config', 'deploy.config.json')).code,
    ).toBe(0)
    expect(readdirSync(root)).toContain('built')
  })

  it('somebody can log in while a command runs', async () => {
    const { startEmbeddedHosts } = await import('../../src/embedded/hosts.js')
    const running = await startEmbeddedHosts({ count: 3, dir: fleet })
    const { execFile } = await import('node:child_process')
    const { promisify } = await import('node:util')
    const line = /`(ssh -F [^`]+)`/.exec(recipe)?.[1] ?? 'false'
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { cwd: root }).finally(running.close)
    expect(stdout).toBe('current\nreleases\nshared\n')
  })

  it('the apps are stopped as the recipe says', async () => {
    const [, , line = ''] = (blocks(recipe, 'sh')[0] ?? '').split('\n')
    execFileSync('sh', ['-c', line], { cwd: root })
    expect((await askApps(fleet)).map(({ status }) => status)).toEqual([null, null, null])
  })
})

function word(cell = ''): string {
  return cell.replaceAll('`', '')
}

/** `unlock` wants the lock that the line before it took. */
async function lockArgs(command: string): Promise<readonly string[]> {
  if (command !== 'unlock') return []
  const { lock } = JSON.parse((await clonedeploy(root, 'status', '--json')).stdout)
  return ['--tx', lock.tx]
}

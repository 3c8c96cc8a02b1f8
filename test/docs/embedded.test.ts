import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { askApps } from '../../src/embedded/app-answers.js'
import { main } from '../../src/main.js'
import { blocks, document } from './markdown.js'

const repository = join(import.meta.dirname, '../..')
const readme = document('README.md')
const root = realpathSync(mkdtempSync(join(tmpdir(), 'clonedeploy-docs-')))
const fleet = join(root, '.clonedeploy/fleet')
let deployed = ''

/** The command line in this process, in a copy of the repository's own project; what it wrote to stdout. */
async function clonedeploy(...args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  let stdout = ''
  const stream = (write: (text: string) => void) => ({
    destroyed: false,
    on: () => {},
    write: (text: string) => {
      write(text)
      return true
    },
  })
  const code = await main(args, {
    cwd: root,
    env: {},
    stdout: stream(text => {
      stdout += text
    }),
    stderr: stream(() => {}),
    stdinIsTTY: false,
    onSignal: () => () => {},
    exit: () => {
      throw new Error('exit')
    },
  })
  return { code, stdout }
}

beforeAll(async () => {
  cpSync(join(repository, 'examples/hello'), join(root, 'examples/hello'), { recursive: true })
  cpSync(join(repository, 'deploy.config.ts'), join(root, 'deploy.config.ts'))
  const { code, stdout } = await clonedeploy('deploy', '--json')
  expect(code).toBe(0)
  deployed = stdout
})

afterAll(() => {
  execFileSync('sh', [join(fleet, 'stop')])
  rmSync(root, { recursive: true, maxRetries: 10 })
})

it('a deploy prints JSON as the README shows it', () => {
  const shown = JSON.parse(blocks(readme, 'json')[0] ?? '')
  const printed = JSON.parse(deployed)
  expect(Object.keys(printed)).toEqual(Object.keys(shown))
  expect(Object.keys(printed.hosts[0])).toEqual(Object.keys(shown.hosts[0]))
  expect([printed.result, printed.exitCode, printed.hosts.length]).toEqual([shown.result, shown.exitCode, 3])
})

it('a host holds what the README draws', () => {
  const drawn = blocks(readme, '').find(text => text.startsWith('deployTo/')) ?? ''
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

it('the apps stay up when the command has ended, at the ports that the README names', async () => {
  const ports = execFileSync('sh', ['-c', 'cat .clonedeploy/fleet/*.port'], { cwd: root, encoding: 'utf8' })
  const answers = await askApps(fleet)
  expect(answers.map(({ port }) => `${port}\n`).join('')).toBe(ports)
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
})

it('an offline dry run runs no command of the project', async () => {
  writeFileSync(
    join(root, 'deploy.config.json'),
    JSON.stringify({ app: 'a', source: { dir: '.' }, build: 'touch built', deployTo: 'a', hosts: ['web-1.invalid'] }),
  )
  const run = await clonedeploy('deploy', '--dry-run', '--offline', '--config', 'deploy.config.json')
  expect(run.code).toBe(0)
  expect(run.stdout).toContain('hosts were not contacted')
  expect(readdirSync(root)).not.toContain('built')
  expect(
    (await clonedeploy('deploy', '--dry-run', '--offline', '--build', '--config', 'deploy.config.json')).code,
  ).toBe(0)
  expect(readdirSync(root)).toContain('built')
})

it('somebody can log in while a command runs', async () => {
  const { startEmbeddedHosts } = await import('../../src/embedded/server.js')
  const running = await startEmbeddedHosts({ count: 3, dir: fleet })
  const { execFile } = await import('node:child_process')
  const { promisify } = await import('node:util')
  const line = /`(ssh -F [^`]+)`/.exec(readme)?.[1] ?? 'false'
  const { stdout } = await promisify(execFile)('sh', ['-c', line], { cwd: root }).finally(running.close)
  expect(stdout).toBe('current\nreleases\nshared\n')
})

it('the apps are stopped as the README says', async () => {
  const command = /`(sh \.clonedeploy\/fleet\/stop)`/.exec(readme)?.[1] ?? 'false'
  execFileSync('sh', ['-c', command], { cwd: root })
  expect((await askApps(fleet)).map(({ status }) => status)).toEqual([null, null, null])
})

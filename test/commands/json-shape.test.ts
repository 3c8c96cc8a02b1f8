import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProgram } from '../../src/cli/program.js'
import { writeFiles } from '../support/files.js'
import { runHere } from '../support/here.js'

const commands = createProgram('0', () => {}).commands.map(command => command.name())
const shape = { v: 1, command: expect.any(String), result: expect.any(String), exitCode: expect.any(Number) }

describe('--json prints one object of one shape', { shuffle: false }, () => {
  let root: string
  const run = async (line: string) => {
    const { code, stdout } = await runHere([...line.split(' ')], { cwd: root, env: {} })
    expect(stdout.split('\n')).toHaveLength(2)
    return { code, said: JSON.parse(stdout) }
  }

  beforeAll(() => {
    const config = {
      app: 'shop',
      source: { dir: 'app' },
      deployTo: 'shop',
      hosts: { embedded: 2 },
      logs: { file: 'current/version' },
      restart: 'true',
      // What other programs of this machine keep is none of these hosts'.
      audit: { ignore: ['/tmp', '/var/lib'] },
      stages: { blue: {}, green: {} },
    }
    root = realpathSync(mkdtempSync(join(tmpdir(), 'clonedeploy-json-')))
    writeFiles(root, { 'deploy.config.json': JSON.stringify(config), 'app/version': 'one\n' })
  })
  afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }))

  it.each(commands)('a usage error of %s', async name => {
    const { code, said } = await run(`${name} --json --nope`)
    expect([code, said]).toEqual([
      2,
      expect.objectContaining({
        ...shape,
        command: name,
        result: 'aborted',
        exitCode: 2,
        stage: null,
        error: {
          code: 'usage',
          message: expect.stringContaining('unknown option'),
          hint: expect.stringContaining('--help'),
          changed: null,
        },
      }),
    ])
  })

  it.each([
    ['deploy --dry-run blue', 0, 'planned'],
    ['deploy blue', 0, 'deployed'],
    ['deploy blue', 0, 'unchanged'],
    ['status blue', 0, 'consistent'],
    ['releases blue', 0, 'done'],
    ['audit blue', 0, 'clean'],
    ['check blue', 0, 'done'],
    ['config blue', 0, 'done'],
    ['logs blue web-1', 0, 'done'],
    ['prune blue --dry-run', 0, 'planned'],
    ['prune blue', 0, 'done'],
    ['restart blue --dry-run', 0, 'planned'],
    ['restart blue', 0, 'restarted'],
    ['repair blue --dry-run', 0, 'planned'],
    ['repair blue', 0, 'unchanged'],
    ['join blue', 0, 'unchanged'],
    ['maintenance on blue', 0, 'done'],
    ['maintenance off blue', 0, 'done'],
    ['boot-resolver blue', 0, 'done'],
    ['image blue', 2, 'aborted'],
    ['lock blue', 0, 'locked'],
    ['deploy blue', 4, 'aborted'],
    ['prune blue', 4, 'aborted'],
    ['rollback blue', 4, 'aborted'],
    ['promote blue --from blue', 2, 'aborted'],
    ['check blue', 3, 'problems'],
    ['unlock blue', 2, 'aborted'],
    ['logs blue --release 20200101-000000-abcdef0', 6, 'incomplete'],
  ])('%s ends with %i, %s', async (line, code, result) => {
    const ended = await run(`${line} --json`)
    expect(ended).toMatchObject({
      code,
      said: { ...shape, command: line.split(' ')[0], result, exitCode: code, stage: 'blue' },
    })
    expect(Object.hasOwn(ended.said, 'error')).toBe(result === 'aborted')
  })

  it('names the kind of error, whether anything was changed, and what to run', async () => {
    const locked = (await run('deploy blue --json')).said
    expect(locked.warnings).toEqual([])
    expect(locked.error).toMatchObject({
      code: 'locked',
      changed: 'nothing',
      hint: expect.stringContaining('--lock-wait'),
    })
    expect((await run('deploy red --json')).said).toMatchObject({ stage: 'red', error: { code: 'usage' } })
    expect((await run('status blue -c none.json --json')).said.error.code).toBe('config')
  })

  it('of run holds what each host printed, and how the command ended there', async () => {
    const { code, said } = await run('run --stage blue --json -- echo $CLONEDEPLOY_HOST; echo no >&2; exit 3')
    expect([code, said]).toEqual([
      3,
      {
        ...shape,
        command: 'run',
        result: 'failed',
        exitCode: 3,
        stage: 'blue',
        app: 'shop',
        hosts: ['web-1', 'web-2'].map(name => ({
          name,
          exitCode: 3,
          error: 'exit code 3',
          omitted: 0,
          output: expect.arrayContaining([{ stream: 'stderr', line: 'no' }]),
        })),
      },
    ])
  })
})

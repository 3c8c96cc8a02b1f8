import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ConfigInput, deploy, join, type Run, type RunEvent, repair, rollback, status } from '../../src/index.js'
import { demandSchemas } from '../schemas/demand.js'
import { exhaustively } from '../support/exhaustively.js'
import { writeFiles } from '../support/files.js'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit', 'beforeExit', 'uncaughtException'] as const

describe('the library', () => {
  let root: string
  const config = (more: object = {}) =>
    ({ app: 'shop', source: { dir: 'app' }, deployTo: 'shop', hosts: { embedded: 2 }, ...more }) as ConfigInput
  const here = (more: object = {}) => ({ cwd: root, config: config(more) })
  /** The events of a run and its outcome, each as its schema says. */
  async function all<T extends object>(run: Run<T>): Promise<{ events: readonly RunEvent[]; outcome: T }> {
    const events: RunEvent[] = []
    for await (const event of run) events.push(event)
    const outcome = await run.outcome
    demandSchemas([...events, outcome].map(one => `${JSON.stringify(one)}\n`).join(''))
    return { events, outcome }
  }
  const version = (text: string) => writeFiles(root, { 'app/version': text })
  const listeners = () => signals.map(signal => process.listenerCount(signal))

  const deployed = async (text: string) => {
    version(text)
    const { outcome } = await all(deploy(here()))
    expect(outcome.result).toBe('deployed')
    return outcome.release
  }

  let before: readonly number[]
  beforeEach(() => {
    root = realpathSync(mkdtempSync(path(tmpdir(), 'clonedeploy-library-')))
    version('one\n')
    before = listeners()
    vi.spyOn(process.stdout, 'write')
    vi.spyOn(process.stderr, 'write')
    vi.spyOn(process, 'exit')
  })
  afterEach(() => {
    expect(process.stdout.write).not.toHaveBeenCalled()
    expect(process.stderr.write).not.toHaveBeenCalled()
    expect(process.exit).not.toHaveBeenCalled()
    expect(process.exitCode).toBeUndefined()
    expect(listeners()).toEqual(before)
    vi.restoreAllMocks()
    rmSync(root, { recursive: true, force: true, maxRetries: 10 })
  })

  exhaustively('says in a dry run what would be done, and does nothing', async () => {
    const { outcome } = await all(deploy({ ...here(), dryRun: true }))
    expect(outcome).toMatchObject({ command: 'deploy', result: 'planned', dryRun: true, exitCode: 0 })
    expect((await all(status(here()))).outcome).toMatchObject({ result: 'empty' })
  })

  it('deploys, tells it as it happens, and keeps the run as the command line does', async () => {
    const { events, outcome } = await all(deploy({ ...here(), message: 'hotfix' }))
    expect(outcome).toMatchObject({
      command: 'deploy',
      result: 'deployed',
      exitCode: 0,
      hosts: [{ name: 'web-1' }, { name: 'web-2' }],
    })
    const types = events.map(({ type }) => type)
    expect([types[0], types.at(-1)]).toEqual(['run.start', 'run.end'])
    expect(types).toContain('host.swap')
    const kept = readdirSync(path(root, '.clonedeploy/logs')).filter(name => name.endsWith('-deploy.jsonl'))
    expect(kept).toHaveLength(1)
    expect(readFileSync(path(root, '.clonedeploy/logs', kept[0] ?? ''), 'utf8')).toContain('hotfix')
    const { outcome: now } = await all(status(here()))
    expect(now).toMatchObject({ result: 'consistent', target: outcome.release, exitCode: 0 })
  })

  exhaustively('tells a deploy that was put back as such', async () => {
    await deployed('one\n')
    version('two\n')
    const { outcome } = await all(deploy(here({ restart: 'echo cannot bind >&2; exit 3' })))
    expect(outcome).toMatchObject({ result: 'put-back', exitCode: 5 })
    expect(outcome.hosts[0]?.error?.output).toEqual(['cannot bind'])
  })

  exhaustively('stops as by Ctrl-C when its signal is aborted, and puts everything back', async () => {
    await deployed('one\n')
    version('two\n')
    const stop = new AbortController()
    const run = deploy({ ...here({ restart: 'sleep 20' }), signal: stop.signal })
    for await (const event of run) if (event.type === 'host.start' && event.phase === 'restart') stop.abort('no time')
    const outcome = await run.outcome
    expect(outcome).toMatchObject({ result: 'put-back', exitCode: 5, stopped: true })
    expect(outcome.reason).toContain('stopped by its caller: no time')
  })

  it('contacts no host when its signal is aborted already', async () => {
    const { events, outcome } = await all(deploy({ ...here(), signal: AbortSignal.abort() }))
    expect(outcome).toMatchObject({ result: 'aborted', exitCode: 130, error: { code: 'interrupted' } })
    expect(events.filter(({ type }) => type.startsWith('host.'))).toEqual([])
  })

  exhaustively('has nobody to ask: a rollback needs yes', async () => {
    const one = await deployed('one\n')
    await deployed('two\n')
    const { events, outcome } = await all(rollback(here()))
    expect(outcome).toMatchObject({ result: 'aborted', exitCode: 2, error: { code: 'usage' } })
    expect(events.at(-1)).toMatchObject({ type: 'run.end', outcome })
    const back = await all(rollback({ ...here(), yes: true }))
    expect(back.outcome).toMatchObject({ result: 'rolled-back', exitCode: 0, release: one })
  })

  exhaustively('repairs and joins where there is nothing to do', async () => {
    await deployed('one\n')
    expect((await all(repair(here()))).outcome).toMatchObject({ result: 'unchanged', exitCode: 0 })
    expect((await all(join(here()))).outcome).toMatchObject({ command: 'join', exitCode: 0 })
  })

  it.each([
    ['a wrong option', { dryrun: true }, 'did you mean'],
    ['a stage that there is not', { stage: 'nowhere' }, 'nowhere'],
    ['no configuration', { config: undefined }, 'deploy.config'],
    ['a configuration with a mistake', { config: { app: 'shop', hots: [] } }, 'hots'],
  ])('tells %s as an outcome', async (_, more, text) => {
    const { outcome } = await all(deploy({ ...here(), ...more } as object))
    expect(outcome).toMatchObject({ result: 'aborted', exitCode: 2 })
    expect(JSON.stringify(outcome)).toContain(text)
  })

  it('tells a status that cannot be read as an outcome, too', async () => {
    const { outcome } = await all(status({ ...here(), only: ['web-9'] }))
    expect(outcome).toMatchObject({ command: 'status', result: 'aborted', exitCode: 2, error: { code: 'usage' } })
  })
})

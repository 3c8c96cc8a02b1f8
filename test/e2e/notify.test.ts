import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { contents, writeFiles } from '../support/files.js'
import { runHere } from '../support/here.js'
import { startWebhook, type TestWebhook, token } from '../support/webhook.js'

const release = expect.stringMatching(/^\d{8}-\d{6}-[0-9a-f]{7}$/)

describe('a webhook', () => {
  let root: string
  let hook: TestWebhook
  let version = 0
  const config = (changes: object = {}) => {
    const base = { app: 'shop', source: { dir: 'app' }, deployTo: 'shop', hosts: { embedded: 2 } }
    writeFiles(root, {
      'deploy.config.json': JSON.stringify({ ...base, notify: { url: { env: 'HOOK' } }, ...changes }),
    })
  }
  const run = (line: string, env: Readonly<Record<string, string>> = {}) =>
    runHere(line.split(' '), { cwd: root, env: { HOOK: hook.url, USER: 'anna', ...env } })
  const deploy = (flags = '', env = {}) => {
    writeFiles(root, { 'app/version': `${++version}\n` })
    return run(`deploy${flags}`, env)
  }
  const deployUntold = async () => {
    config({ notify: [] })
    expect((await deploy()).code).toBe(0)
    config()
  }
  const events = () => hook.got.map(({ event }) => event)

  beforeAll(async () => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'clonedeploy-notify-')))
    hook = await startWebhook()
    await deployUntold()
    expect(hook.got).toEqual([])
  })
  afterAll(async () => {
    await hook.stop()
    rmSync(root, { recursive: true, force: true, maxRetries: 10 })
  })
  beforeEach(() => {
    hook.got.length = 0
    hook.answer = 200
    config()
  })
  /** Whatever a test did: nobody was told the address, but the configuration that holds it. */
  const told: string[] = []
  afterEach(() => {
    const kept = Object.entries(contents(root)).filter(([name]) => name !== './deploy.config.json')
    expect(kept.filter(([, text]) => text.includes(token)).map(([name]) => name)).toEqual([])
    expect(told.splice(0).filter(text => text.includes(token))).toEqual([])
  })
  const seen = <T extends { readonly stdout: string; readonly stderr: string }>(ended: T): T => {
    told.push(ended.stdout, ended.stderr)
    return ended
  }

  it('hears that a deploy has begun and how it ended, with what programs need', async () => {
    const { code, stderr } = seen(await deploy(' -m why'))
    expect(code, stderr).toBe(0)
    expect(stderr).not.toContain('notify')
    const about = { v: 1, app: 'shop', stage: 'production', command: 'deploy', hosts: 2, by: 'anna', message: 'why' }
    const known = { ...about, release, previous: release, revision: null, reason: null }
    expect(hook.got).toEqual([
      { ...known, event: 'started', text: expect.any(String), result: null, exitCode: null, seconds: null },
      {
        ...known,
        event: 'deployed',
        text: expect.any(String),
        result: 'deployed',
        exitCode: 0,
        seconds: expect.any(Number),
      },
    ])
    expect(hook.got.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^▶ shop → production: Deploy of \S+ started on 2 hosts, which serve \S+\.\nwhy, by anna$/),
      expect.stringMatching(/^✔ shop → production: Deployed \S+ to 2 hosts in .+\.\nwhy, by anna$/),
    ])
  })

  it('hears of a deploy that was put back, and why', async () => {
    config({ notify: { url: { env: 'HOOK' } }, restart: 'exit 9', health: { run: 'true' } })
    const { code } = seen(await deploy())
    expect(code).toBe(5)
    expect(events()).toEqual(['started', 'put-back'])
    expect(hook.got[1]).toMatchObject({
      result: 'put-back',
      exitCode: 5,
      text: expect.stringMatching(
        /^✖ shop → production: Deploy failed on .+ Both hosts serve \S+ again \(verified\)\.\n/,
      ),
    })
  })

  exhaustively('hears of a run that failed before the swap, and of a rollback and a restart', async () => {
    await deployUntold()
    config({ prepare: 'exit 7' })
    expect(seen(await deploy()).code).toBe(3)
    expect(events()).toEqual(['started', 'aborted'])
    config({ restart: 'true' })
    expect(seen(await run('rollback --yes')).code).toBe(0)
    expect(events().slice(2)).toEqual(['started', 'rolled-back'])
    expect(seen(await run('restart')).code).toBe(0)
    expect(events().slice(4)).toEqual(['started', 'restarted'])
  })

  exhaustively('hears nothing of what never held the locks: dry runs, refusals, what is served already', async () => {
    await deployUntold()
    const lines = ['deploy --dry-run', 'deploy --dry-run --offline', 'rollback --dry-run', 'repair --dry-run', 'status']
    for (const line of lines) expect(seen(await run(line)).code).toBe(0)
    expect(seen(await run('deploy --ref main --offline')).code).toBe(2)
    expect(seen(await run('lock')).code).toBe(0)
    expect(seen(await deploy()).code).toBe(4)
    const { lock } = JSON.parse((await run('status --json')).stdout)
    expect((await run(`unlock --yes --tx ${lock.tx}`)).code).toBe(0)
    config({ build: 'exit 3' })
    expect(seen(await deploy()).code).toBe(3)
    config()
    expect(hook.got).toEqual([])
    expect(seen(await deploy()).code).toBe(0)
    hook.got.length = 0
    expect(JSON.parse(seen(await run('deploy --json')).stdout).result).toBe('unchanged')
    expect(hook.got).toEqual([])
  })

  it('hears only what `on` names, in the form that `as` names', async () => {
    const url = { env: 'HOOK' }
    const others = ['slack', 'discord', 'mattermost'].map(as => ({ url, as, on: ['deployed'] }))
    config({ notify: [...others, { url, on: ['put-back'] }] })
    expect(seen(await deploy()).code).toBe(0)
    expect(hook.got.map(body => Object.keys(body)).sort()).toEqual([
      ['content', 'allowed_mentions', 'flags'],
      ['text'],
      ['text', 'mrkdwn', 'unfurl_links', 'unfurl_media'],
    ])
  })

  it('that answers 500 or leads elsewhere is one warning, and nothing else', async () => {
    const host = new URL(hook.url).host
    for (const answer of [500, 302]) {
      hook.answer = answer
      const { code, stdout } = seen(await deploy(' --json'))
      expect([code, hook.got.length]).toEqual([0, 2])
      expect(JSON.parse(stdout)).toMatchObject({
        result: 'deployed',
        warnings: [`notify: a message to ${host} was not taken: it answered ${answer}`],
      })
      hook.got.length = 0
    }
  })

  exhaustively('that refuses the connection, or has no address, is one warning, too', async () => {
    const closed = await startWebhook()
    await closed.stop()
    const { host } = new URL(closed.url)
    const { code, stderr } = seen(await deploy('', { HOOK: closed.url }))
    expect(code).toBe(0)
    expect(stderr.match(/notify: .*/g)).toEqual([
      `notify: a message to ${host} was not taken: connect ECONNREFUSED ${host}`,
    ])
    const unset = seen(await deploy(' --json', { HOOK: '' }))
    expect(JSON.parse(unset.stdout).warnings).toEqual(['notify: nobody was told there: $HOOK is not set here'])
    const checked = await run('check --json', { HOOK: '' })
    expect([checked.code, JSON.parse(checked.stdout).warnings]).toEqual([
      0,
      expect.arrayContaining(['notify: nobody would be told there: $HOOK is not set here']),
    ])
    const wrong = seen(await deploy(' --json', { HOOK: `ftp://${token}` }))
    expect(JSON.parse(wrong.stdout).warnings).toEqual([
      'notify: nobody was told there: what is in $HOOK is no address that begins with https://',
    ])
    expect([unset.code, wrong.code]).toEqual([0, 0])
  })

  it('that never answers keeps nobody from the outcome, and the program 5 s at most', async () => {
    hook.answer = null
    const file = join(root, 'events.jsonl')
    const began = performance.now()
    const { code, stderr } = seen(await deploy('', { CLONEDEPLOY_OUTPUT_FILE: file }))
    const warning = `notify: a message to ${new URL(hook.url).host} was not taken: no answer in 5s`
    expect(code).toBe(0)
    expect(stderr.indexOf('✔ Deployed')).toBeGreaterThan(0)
    expect(stderr.indexOf(warning)).toBeGreaterThan(stderr.indexOf('✔ Deployed'))
    const lines = readFileSync(file, 'utf8').trim().split('\n')
    const last = JSON.parse(lines.at(-1) ?? '')
    expect([last.type, last.outcome.result, last.outcome.warnings]).toEqual(['run.end', 'deployed', [warning]])
    // The run itself is over when the last event but one is written.
    const over = Date.parse(JSON.parse(lines.at(-2) ?? '').t)
    expect(Date.parse(last.t) - over).toBeLessThan(8000)
    expect(performance.now() - began).toBeGreaterThan(4900)
  })

  it('that does not answer is not waited for after Ctrl-C, which then changes no exit code', async () => {
    hook.answer = null
    config({ notify: { url: { env: 'HOOK' }, on: ['deployed'] } })
    writeFiles(root, { 'app/version': `${++version}\n` })
    let interrupt = () => {}
    const { code, stderr } = seen(
      await runHere(['deploy'], {
        cwd: root,
        env: { HOOK: hook.url, USER: 'anna' },
        onSignal: listener => {
          interrupt = () => listener('SIGINT')
          return () => {}
        },
        hear: text => {
          if (text.includes('✔ Deployed')) setTimeout(() => [interrupt(), interrupt()], 300)
        },
      }),
    )
    expect(code).toBe(0)
    expect(stderr).not.toContain('topping')
    expect(stderr.match(/notify: .*/g)).toEqual([
      `notify: a message to ${new URL(hook.url).host} was not taken: it was not waited for`,
    ])
  })

  it('has an address that is hidden wherever somebody says it', async () => {
    config({ prepare: `echo "see ${hook.url} or ${new URL(hook.url).pathname} or ${token}"; exit 7` })
    const { code, stdout, stderr } = seen(await deploy(' --verbose'))
    expect([code, stdout]).toEqual([3, expect.any(String)])
    expect(stderr).toContain('see [redacted] or [redacted] or [redacted]')
    expect(JSON.stringify(hook.got)).not.toContain(token)
    config({ notify: { url: hook.url } })
    for (const line of ['config', 'config --json']) expect(seen(await run(line)).code).toBe(0)
    expect(seen(await run('config --json')).stdout).toContain('"url":"[redacted]"')
  })
})

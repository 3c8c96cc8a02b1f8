import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appLog, isOfRelease, type LogSource, logText } from '../../src/scripts/read/app-log.js'
import { writeFiles } from '../support/files.js'
import { folder, run, shells } from '../support/scripts.js'

const asked = { lines: 3, release: null, timeout: 10 }
const journal = { kind: 'journal', units: ['shop', 'shop@1'], user: false } as const

describe.each(shells)('the log of an app under $name', shell => {
  const host = () => {
    const root = folder()
    const line = (n: number) => `line ${n} of it's log\n`
    writeFiles(root, {
      'releases/a/log/app.log': 'a\n',
      'releases/b/log/app.log': Array.from({ length: 9 }, (_, n) => line(n)).join(''),
      'shared/log/app.log': `${'x'.repeat(300_000)}\none\ntwo`,
    })
    symlinkSync('releases/b', join(root, 'current'))
    return root
  }
  const read = async (source: LogSource, more: Partial<typeof asked> | { release: string } = {}, path = shell.path) => {
    const made = appLog(host(), source, { ...asked, ...more }, { CLONEDEPLOY_RELEASE: 'b', GREETING: 'hi' })
    const { code, stdout } = await run(made, shell, { env: { PATH: path } })
    return { code, stdout }
  }

  it.each<[LogSource, object, string]>([
    [{ kind: 'file', file: 'current/log/app.log' }, {}, "line 6 of it's log\nline 7 of it's log\nline 8 of it's log\n"],
    [{ kind: 'file', file: 'current/log/app.log' }, { release: 'a' }, 'a\n'],
    [{ kind: 'file', file: 'shared/log/app.log' }, { lines: 2, release: 'a' }, 'one\ntwo'],
    [
      { kind: 'command', run: 'echo "$GREETING"; tail -n 1 log/app.log; echo no >&2' },
      {},
      "hi\nline 8 of it's log\nno\n",
    ],
    [{ kind: 'command', run: 'cat log/app.log' }, { release: 'a' }, 'a\n'],
    [{ kind: 'command', run: 'yes it | head -n 200000; echo end; exit 3' }, { lines: 1 }, 'end\n'],
  ])('as %j, asked for %j', async (source, more, stdout) => {
    expect(await read(source, more)).toEqual({ code: 0, stdout })
  })

  it('is missing, and its path is told', async () => {
    const file = { kind: 'file', file: 'shared/log/nope.log' } as const
    expect(await read(file)).toEqual({ code: 76, stdout: 'shared/log/nope.log\n' })
  })

  it.each<[LogSource, string]>([
    [journal, 'journalctl -u shop -u shop@1 -n 3 --no-pager'],
    [{ ...journal, user: true }, 'journalctl --user -u shop -u shop@1 -n 3 --no-pager'],
    [{ kind: 'pm2', name: null }, 'pm2 logs --nostream --raw --lines 3'],
    [{ kind: 'pm2', name: 'my shop' }, 'pm2 logs my shop --nostream --raw --lines 3'],
  ])('kept as %j is read by %s', async (source, line) => {
    const dir = folder()
    for (const name of ['journalctl', 'pm2']) {
      writeFileSync(join(dir, name), `#!/bin/sh\necho "${name} $*"\n`)
      chmodSync(join(dir, name), 0o755)
    }
    expect(await read(source, {}, `${dir}:${shell.path}`)).toEqual({ code: 0, stdout: `${line}\n` })
  })
})

it.each<[LogSource, string, boolean]>([
  [{ kind: 'command', run: 'tail log' }, 'tail log', false],
  [{ kind: 'file', file: 'shared/app.log' }, 'shared/app.log', false],
  [{ kind: 'file', file: 'current/app.log' }, 'current/app.log', true],
  [journal, 'journalctl -u shop -u shop@1', false],
  [{ kind: 'pm2', name: 'shop' }, 'pm2 logs shop', false],
  [{ kind: 'pm2', name: null }, 'pm2 logs', false],
])('a log as %j is called %s', (source, text, ofRelease) => {
  expect([logText(source), isOfRelease(source)]).toEqual([text, ofRelease])
})

import { createHash } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readUpstream, tryUpstream, writeUpstream } from '../../src/scripts/service/upstream.js'
import { folder, run, shells } from '../support/scripts.js'

describe.each(shells)('an upstream file, by $name,', shell => {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex')
  function file(text: string) {
    const dir = folder('it is "here"')
    writeFileSync(join(dir, 'real.conf'), text)
    chmodSync(join(dir, 'real.conf'), 0o640)
    symlinkSync('real.conf', join(dir, 'up.conf'))
    return { dir, path: join(dir, 'up.conf'), now: () => readFileSync(join(dir, 'real.conf'), 'utf8') }
  }
  const write = (path: string, was: string, text: string, test: string, reload: string) =>
    run(writeUpstream({ file: path, was: digest(was), becomes: digest(text), test, reload }, Buffer.from(text)), shell)

  it('is read and replaced through a link, tested before it is reloaded', async () => {
    const { dir, path, now } = file('old\n')
    expect(await run(readUpstream(path), shell)).toMatchObject({ code: 0, stdout: 'old\n' })
    const log = join(dir, 'log')
    const copy = `cat '${path}' >>'${log}'`
    expect((await write(path, 'old\n', 'new\n', `${copy}; echo test >>'${log}'`, `echo reload >>'${log}'`)).code).toBe(
      0,
    )
    expect(now()).toBe('new\n')
    expect(readFileSync(log, 'utf8')).toBe('new\ntest\nreload\n')
    expect(statSync(join(dir, 'real.conf')).mode & 0o777).toBe(0o640)
    expect(readFileSync(join(dir, '.real.conf.before'), 'utf8')).toBe('old\n')
    expect(readdirSync(dir).sort()).toEqual(['.real.conf.before', 'log', 'real.conf', 'up.conf'])
  })

  it.each([
    ['test', 'grep -q old real.conf || { echo why >&2; exit 3; }', 'echo reload >>log'],
    ['reload', 'true', 'cat real.conf >>log; grep -q old real.conf || { echo why >&2; exit 3; }'],
  ])('is as it was, and reloaded so, when its %s fails', async (_, test, reload) => {
    const { dir, path, now } = file('old\n')
    const inside = (text: string) => `cd '${dir}' && { ${text}; }`
    const { code, stdout } = await write(path, 'old\n', 'new\n', inside(test), inside(reload))
    expect(code).toBe(90)
    expect(stdout).toContain('why')
    expect(stdout).toMatch(/\nexit 3\n$/)
    expect(now()).toBe('old\n')
    expect(readFileSync(join(dir, 'log'), 'utf8')).toMatch(/^(reload|new\nold)\n$/)
  })

  it('is left alone when not all of the new text has come', async () => {
    const { dir, path, now } = file('old\n')
    const told = { file: path, was: digest('old\n'), becomes: digest('new\n'), test: 'true', reload: 'true' }
    expect((await run(writeUpstream(told, Buffer.from('ne')), shell)).code).toBe(87)
    expect(now()).toBe('old\n')
    expect(readdirSync(dir).sort()).toEqual(['.real.conf.before', 'real.conf', 'up.conf'])
  })

  it('says what runs of nginx before it, where that is asked for', async () => {
    const { path } = file('old\n')
    const { code, stdout } = await run(readUpstream(path, true), shell)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^clock \d+ \d+ -?\d+( (on|old),\d+,\d+,\d+)*\nold\n$/)
  })

  it.each([
    ['may be written, and whose test passes', 'true', 0, ''],
    ['whose test fails', 'echo emerg >&2; exit 1', 90, 'emerg'],
  ])('that %s is tried without a change', async (_, test, code, text) => {
    const { path, now } = file('old\n')
    const ran = await run(tryUpstream({ file: path, test }), shell)
    expect(ran.code).toBe(code)
    expect(ran.stdout.trim()).toBe(text)
    expect(now()).toBe('old\n')
  })

  it('is left alone when somebody else has changed it, or when it is not there', async () => {
    const { path, now } = file('changed\n')
    expect((await write(path, 'old\n', 'new\n', 'true', 'true')).code).toBe(78)
    expect(now()).toBe('changed\n')
    expect((await run(readUpstream(`${path}.not`), shell)).code).toBe(76)
  })
})

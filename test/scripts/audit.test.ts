import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, readdirSync, readlinkSync, realpathSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type AuditAsk, audit, mostFiles, parseAudit } from '../../src/scripts/read/audit.js'
import { writeFiles } from '../support/files.js'
import { descendants } from '../support/processes.js'
import { everyShell, folder, type RunOptions, run, type Shell, until } from '../support/scripts.js'

const nothing: AuditAsk = { writable: [], ignore: [], sessions: [] }
/** A user that is not the one who wrote the files. */
const login = process.getuid?.() === 0 ? { uid: 65534 } : {}
const started: ChildProcess[] = []
afterAll(() => {
  for (const { pid = 0 } of started) for (const each of [...descendants(pid), pid]) process.kill(each, 'SIGKILL')
})

/** A release that was sealed with one file in one folder. */
function sealedRoot(): string {
  const root = realpathSync(folder('app'))
  const hash = '0'.repeat(64)
  writeFiles(root, {
    'releases/one/dir/app.js': 'app',
    '.clonedeploy/manifests/one': '',
    '.clonedeploy/manifests/one.seal': '{}\n\n',
    '.clonedeploy/manifests/one.sealed': `# clonedeploy 1 036\nd dir\nf 644 3 ${hash} dir/app.js\n`,
  })
  return root
}

/** A host that keeps sessions below `at`, not where this machine does. */
async function audited(
  root: string,
  shell: Shell,
  ask: Partial<AuditAsk> = {},
  options: RunOptions & { at?: string } = {},
) {
  const { at = `${root}/nowhere`, ...more } = options
  const places = { temporary: `${at}/tmp`, php: [`${at}/php`, `${at}/php 5`], settings: `${at}/etc` }
  const script = audit(root, { ...nothing, ...ask }, places)
  const { code, stdout, stderr } = await run(script, shell, { env: { HOME: root }, ...more })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const found = parseAudit(Buffer.from(stdout))
  if (found === null) throw new Error(`no answer: ${stdout}`)
  const own = found.files.filter(({ path }) => !path.startsWith('/'))
  return { ...found, own, paths: own.map(({ evidence, path }) => `${evidence} ${path}`) }
}

async function holds(root: string, file: string, how: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', `exec 7${how}"$0"; exec sleep 60`, join(root, file)], {
    cwd: join(root, 'releases/one'),
  })
  started.push(child)
  const fds = () => readdirSync(`/proc/${child.pid}/fd`).map(n => readlinkSync(`/proc/${child.pid}/fd/${n}`))
  await until(() => {
    try {
      return fds().includes(join(root, file))
    } catch {
      return false
    }
  }, `${file} to be open`)
}

describe.each(everyShell)('an audit under $name', shell => {
  it('finds nothing where nothing was added', async () => {
    const { own, unread, cut, unsealed } = await audited(sealedRoot(), shell)
    expect({ own, unread, cut, unsealed }).toEqual({ own: [], unread: [], cut: [], unsealed: [] })
  })

  it('names what came into a release, but not what is writable or ignored, with its size, time and owner', async () => {
    const root = sealedRoot()
    const names = ['upload a.png', '-n', 'new\nline', 'a\nf', "it's"]
    writeFiles(join(root, 'releases/one'), {
      ...Object.fromEntries(names.map(name => [`dir/${name}`, 'x'])),
      'cache/a': '',
      'log/b': '',
    })
    utimesSync(join(root, 'releases/one/dir/-n'), 5, 5)
    const { own } = await audited(root, shell, { writable: ['cache/**'], ignore: ['log'] })
    expect(own.map(({ path }) => path).sort()).toEqual(names.map(name => `releases/one/dir/${name}`).sort())
    const { size, modified, owner } = own.find(({ path }) => path.endsWith('/-n')) ?? {}
    expect({ size, modified, owner }).toEqual({ size: 1, modified: 5, owner: 'root' })
  })

  it('gives the files of shared/ by what is in them, also the big ones', async () => {
    const root = sealedRoot()
    const big = 'x'.repeat(300_000)
    const half = 'x'.repeat(100_000)
    writeFiles(root, {
      'shared/a': 'a',
      'shared/b\n': 'a',
      'shared/b\nb': 'b',
      'shared/b\nmiddle': `${half}1${half}`,
      'shared/b\nother middle': `${half}2${half}`,
      'shared/b\nbig': `${big}1`,
      'shared/c\\d': 'c',
      'shared/big': `${big}1`,
      'shared/big2': `${big}2`,
      'shared/maintenance': '',
    })
    const { own } = await audited(root, shell)
    const sum = (name: string) => own.find(({ path }) => path === `shared/${name}`)?.sum
    expect(own).toHaveLength(9)
    expect(sum('a')).toMatch(/^[0-9a-f]{64}$/)
    expect([sum('b\n'), sum('c\\d') === sum('a'), sum('big') === sum('big2')]).toEqual([sum('a'), false, false])
    expect([sum('c\\d'), sum('big')]).toEqual([expect.any(String), expect.any(String)])
    expect(sum('b\nb')).toMatch(/^[0-9a-f]{64}$/)
    expect(sum('b\nb')).not.toBe(sum('b\n'))
    expect(sum('b\nmiddle')).toMatch(/^[0-9a-f]{64}$/)
    expect(sum('b\nmiddle')).not.toBe(sum('b\nother middle'))
    expect(sum('b\nbig')).toBe(sum('big'))
  })

  it('names files whatever bytes their names have: a newline, and what stands for one elsewhere', async () => {
    const root = sealedRoot()
    const names = ['\x1e', 'a\x1eb', 'c\x1e\x1fd\ne', '\x01\x1d', 'tab\there', 'ordinary']
    for (const dir of ['releases/one/dir', 'shared/up', 'shared/tmp/sessions'])
      writeFiles(join(root, dir), Object.fromEntries(names.map(name => [name, name])))
    writeFiles(root, { current: { link: 'releases/one' }, 'releases/one/tmp': { link: '../../shared/tmp' } })
    const { files, unread } = await audited(root, shell, { ignore: ['tmp'] })
    const found = (evidence: string) =>
      files.filter(one => one.evidence === evidence).map(({ path }) => path.replace(/^.*?\/(?=[^/]*$)/s, ''))
    const wanted = [...names].sort()
    expect(found('release').sort()).toEqual(wanted)
    expect(found('shared').sort()).toEqual(wanted)
    expect(found('session').sort()).toEqual(wanted)
    expect(new Set(files.filter(({ evidence }) => evidence === 'shared').map(({ sum }) => sum)).size).toBe(names.length)
    expect(unread).toEqual([])
  })

  it('says of a folder whose names have all bytes that it was not read', async () => {
    const root = sealedRoot()
    const every = Array.from({ length: 31 }, (_, i) => String.fromCharCode(i + 1)).join('')
    writeFiles(root, { [`shared/${every}`]: 'x', 'shared/b': 'x' })
    const { unread, paths } = await audited(root, shell)
    expect([unread, paths.includes('shared shared/b')]).toEqual([['shared/'], true])
  })

  it('looks for sessions in the usual folders and those that are named, and not for code that was sealed', async () => {
    const root = sealedRoot()
    const elsewhere = realpathSync(folder())
    writeFiles(root, { 'releases/one/sessions/code.js': '', 'shared/tmp/sessions/abc': '' })
    utimesSync(join(root, 'releases/one/sessions/code.js'), 5, 5)
    writeFiles(elsewhere, { 'd e/s1': 's', 'd e/.gitkeep': '' })
    writeFiles(root, { current: { link: 'releases/one' }, 'releases/one/tmp': { link: '../../shared/tmp' } })
    const { files } = await audited(root, shell, { sessions: [join(elsewhere, 'd e'), 'missing'] })
    expect(files.filter(({ evidence }) => evidence === 'session').map(({ path }) => path)).toEqual([
      'shared/tmp/sessions/abc',
      join(elsewhere, 'd e/s1'),
    ])
  })

  it("looks for PHP's sessions in its folders and where a php.ini says, and for those in the folder of temporary files", async () => {
    const root = sealedRoot()
    const at = realpathSync(folder())
    writeFiles(at, {
      'php/sess_1': '',
      'php/other': '',
      'php 5/a/sess_2': '',
      'tmp/sess_3': '',
      'tmp/sessionid4': '',
      'tmp/session': '',
      'tmp/below/sess_5': '',
      'etc/php.ini': `;session.save_path = "${at}/off"\n[Session]\nsession.save_path = "2;${at}/one of"\n`,
      'etc/php/8.2/fpm/php.ini': `  session.save_path=${at}/two\n`,
      'etc/php7/php.ini': `session.save_path = "tcp://redis:6379"\nsession.save_path = "${at}/missing"\n`,
      'off/sess_6': '',
      'one of/a/b/sess_7': '',
      'two/sess_8': '',
      'two/other': '',
    })
    const { files, private: closed, unread } = await audited(root, shell, {}, { at })
    const names = ['one of/a/b/sess_7', 'php 5/a/sess_2', 'php/sess_1', 'tmp/sess_3', 'tmp/sessionid4', 'two/sess_8']
    expect(files.map(({ path }) => path).sort()).toEqual(names.map(name => join(at, name)))
    expect(files.every(({ evidence }) => evidence === 'session')).toBe(true)
    expect([closed, unread]).toEqual([[], []])
  })

  it('names files that a process writes, and none that it reads', async () => {
    const root = sealedRoot()
    writeFiles(root, { 'shared/read': '', 'shared/db.sqlite': 'x', 'home note': '' })
    await holds(root, 'shared/read', '<')
    await holds(root, 'shared/db.sqlite', '<>')
    await holds(root, 'home note', '>>')
    const { own } = await audited(root, shell)
    expect(own.filter(({ evidence }) => evidence === 'open').map(({ path, process }) => [path, process])).toEqual(
      expect.arrayContaining([
        ['shared/db.sqlite', `sleep (${started.at(-2)?.pid})`],
        ['home note', `sleep (${started.at(-1)?.pid})`],
      ]),
    )
    expect(own.filter(({ evidence }) => evidence === 'open')).toHaveLength(2)
  })

  it('says where a list was too long, and where a release has no seal', async () => {
    const root = sealedRoot()
    const many = Array.from({ length: mostFiles + 5 }, (_, i) => [`shared/many/${i}`, ''])
    writeFiles(root, { ...Object.fromEntries(many), 'releases/two/a': '', '.clonedeploy/manifests/two': '' })
    const { own, cut, unsealed } = await audited(root, shell)
    expect([own.length, cut, unsealed]).toEqual([mostFiles + 1, ['shared'], ['two']])
  })

  it('names folders that the login may not read, apart from those where sessions usually are', async () => {
    const root = sealedRoot()
    const at = realpathSync(folder())
    writeFiles(root, { 'shared/a': 'a', 'shared/own/b': '', 'releases/one/own/c': '', 'releases/one/d': '' })
    writeFiles(at, { 'php/sess_1': '', 'php 5/own/sess_2': '', 'asked/a': '', 'parts/b': '', 'parts/own/c': '' })
    const closed = [
      ...['shared/own', 'releases/one/own'].map(name => join(root, name)),
      ...['php', 'php 5/own', 'asked', 'parts/own'].map(name => join(at, name)),
    ]
    for (const path of closed) chmodSync(path, 0o300)
    const sessions = [join(at, 'asked'), join(at, 'parts')]
    const { files, ...found } = await audited(root, shell, { sessions }, { at, ...login })
    for (const path of closed) chmodSync(path, 0o700)
    expect(files.map(({ path }) => path).sort()).toEqual([join(at, 'parts/b'), 'releases/one/d', 'shared/a'])
    expect([found.unread, found.private]).toEqual([
      ['releases/one', 'shared/', ...sessions],
      [join(at, 'php'), join(at, 'php 5')],
    ])
  })

  it('gives no hash of a file that the login may not read', async () => {
    const root = sealedRoot()
    const texts = { 'shared/a': 'a', 'shared/a\nb': 'a', 'shared/big': 'x'.repeat(300_000) }
    writeFiles(root, texts)
    for (const name of Object.keys(texts)) chmodSync(join(root, name), 0)
    const { own } = await audited(root, shell, {}, login)
    expect(own.map(({ path, sum }) => [path, sum])).toEqual(
      Object.keys(texts)
        .sort()
        .map(name => [name, null]),
    )
  })
})

describe('the answer to an audit', () => {
  it.each(['', '@whole\n', 'f// shared 1 1 root ./a\n', 'here// relative\n'])('is none where it is %j', text => {
    expect(parseAudit(Buffer.from(text))).toBe(null)
  })

  it.each([
    'f// ../up 1 1 root ./a',
    'f// shared x 1 root ./a',
    'f// shared 1 1 root a',
    'o// x 1 1 root /a',
    'junk',
  ])('passes over %j', line => {
    expect(parseAudit(Buffer.from(`here// /srv\n${line}\n@whole\n`))?.files).toEqual([])
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { inodes, writeFiles } from '../support/files.js'
import { both, onFleet } from '../support/on-fleet.js'
import type { Json } from '../support/project.js'
import { until } from '../support/scripts.js'
import { sshdIsHere } from '../support/sshd.js'

/** What other programs of this machine keep is none of these hosts'. */
const machine = ['/tmp', '/var/lib']

describe.skipIf(!sshdIsHere())('an audit', () => {
  const here = onFleet({ hosts: both.length })
  const started: ChildProcess[] = []
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL')
  })

  /** A process of the app on host `i` that has this file open for writing; gives what an audit calls it. */
  async function writes(i: number, file: string): Promise<string> {
    const path = here.project.on(i, file)
    const cwd = here.project.on(i, 'current')
    const child = spawn('/bin/sh', ['-c', 'exec 7<>"$0"; exec sleep 600', path], { cwd, stdio: 'ignore' })
    started.push(child)
    const at = (name: string) => readlinkSync(`/proc/${child.pid}/${name}`)
    const isOpen = () => {
      try {
        return at('fd/7') === path && at('exe').endsWith('sleep')
      } catch {
        return false
      }
    }
    await until(isOpen, `${path} to be open`)
    return `sleep (${child.pid})`
  }

  it('is silent on a clean fleet, and finds an upload, a session, a database that is written, and what came into a release', async () => {
    const { project } = here
    project.configure({ audit: { ignore: machine }, shared: { dirs: ['data', 'tmp'] } })
    const release = await project.deployed('one')
    for (const i of both)
      writeFiles(project.on(i, 'shared/data'), { 'same.txt': 'same', 'app.sqlite': 'SQLite format 3' })
    const clean = await project.run('audit')
    expect([clean.code, clean.stdout, clean.stderr]).toEqual([
      0,
      'shop → production   2 hosts\n\n✔ No data of users was found on 2 hosts.\n',
      '',
    ])

    writeFiles(project.on(1, 'shared/data'), { 'cat.png': 'cat' })
    writeFiles(project.on(2, 'shared/tmp/sessions'), { '0a1b': '{"user":7}' })
    writeFiles(project.on(2, 'releases', release), { 'made.txt': 'made' })
    const writer = await writes(1, 'shared/data/app.sqlite')
    const before = both.map(i => inodes(project.on(i)))
    const { code, json } = await project.run('audit --json')
    expect(both.map(i => inodes(project.on(i)))).toEqual(before)
    expect(code).toBe(7)
    expect(json()).toMatchObject({ v: 1, command: 'audit', result: 'found', exitCode: 7, notes: [] })
    const found = json().found.map(({ kind, path, evidence, hosts }: Json) => {
      return [kind, path, evidence, hosts.map(({ name, process }: Json) => [name, process])]
    })
    const one = ['h1', null]
    const two = ['h2', null]
    expect(found).toEqual([
      ['file', `releases/${release}/made.txt`, ['release'], [two]],
      ['database', 'shared/data/app.sqlite', ['shared', 'open'], [['h1', writer], two]],
      ['upload', 'shared/data/cat.png', ['shared'], [one]],
      ['session', 'shared/tmp/sessions/0a1b', ['shared', 'session'], [two]],
    ])
    const words = { file: 'object store', database: 'database server', upload: 'object store', session: 'Redis' }
    for (const [kind, word] of Object.entries(words)) expect(json().advice[kind]).toContain(word)

    const told = await project.run('audit')
    expect(told.code).toBe(7)
    expect(told.stdout).toMatch(
      /\n {2}upload +shared\/data\/cat\.png +h1 +3 B +\d+[smh] +\w+\n +it is on 1 of 2 hosts\n/,
    )
    expect(told.stdout).toMatch(/\n✖ 4 paths may hold data of users\.\n$/)
  })

  exhaustively('passes over what is ignored, the file of logs and what is writable', async () => {
    const { project } = here
    const config = { shared: { dirs: ['data', 'log'] }, logs: { file: 'shared/log/app.log' }, writable: ['cache/**'] }
    project.configure({ ...config, audit: { ignore: machine } })
    const release = await project.deployed('one')
    writeFiles(project.on(1), {
      'shared/log/app.log': 'x',
      'shared/data/pids/7': '',
      [`releases/${release}/cache/a/b`]: '',
    })
    expect((await project.run('audit')).code).toBe(7)
    project.configure({ ...config, audit: { ignore: [...machine, 'data/pids/*'] } })
    expect((await project.run('audit')).code).toBe(0)
  })

  exhaustively('looks for sessions where it is told to', async () => {
    const { project } = here
    const sessions = here.fleet.folder(1).replace(/[^/]*$/, 'kept sessions')
    writeFiles(sessions, { a: '' })
    project.configure({ audit: { ignore: machine, sessions: [sessions] } })
    await project.deployed('one')
    const { code, json } = await project.run('audit --only h1 --json')
    expect([code, json().found.map(({ kind, path }: Json) => [kind, path])]).toEqual([
      7,
      [['session', `${sessions}/a`]],
    ])
    expect(json().notes).toEqual(['shared/ was compared with no other host: one host was read'])
  })

  exhaustively('calls no fleet clean where a host does not answer, and finds what the others have', async () => {
    const { project, fleet } = here
    project.configure({ audit: { ignore: machine } })
    const release = await project.deployed('one')
    await fleet.stopHost(2)
    const silent = await project.run('audit --json')
    writeFiles(project.on(1, 'releases', release), { made: '' })
    const found = await project.run('audit --json')
    await fleet.startHost(2)
    expect([silent.code, silent.json().result, found.code, found.json().result]).toEqual([6, 'incomplete', 7, 'found'])
    expect(silent.json().hosts).toEqual([
      { name: 'h1', reachable: true, error: null },
      { name: 'h2', reachable: false, error: expect.any(String) },
    ])
  })

  exhaustively('looks into no folder that belongs to another app', async () => {
    const { project } = here
    await project.deployed('one')
    project.configure({ app: 'blog', audit: { ignore: machine } })
    const { code, json } = await project.run('audit --json')
    expect([code, json().result, json().hosts.map(({ reachable }: Json) => reachable)]).toEqual([
      6,
      'incomplete',
      [false, false],
    ])
  })
})

import { appendFileSync, lstatSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { writeFiles } from '../support/files.js'
import { both, onFleet } from '../support/on-fleet.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('an app that writes into its release', () => {
  const here = onFleet({ hosts: both.length })
  /** As Python, Next and Laravel do. */
  const appWrites = (...releases: readonly string[]) => {
    for (const i of both)
      for (const id of releases) writeFiles(here.project.on(i, 'releases', id), { [`__pycache__/${i}.pyc`]: `${i}` })
  }

  exhaustively.each(['nothing', 'a hook'])(
    'keeps nobody from going back, from repair and from joining, where %s made files too',
    async made => {
      const { project } = here
      project.configure(made === 'nothing' ? {} : { prepare: ['echo made >by-hook'] })
      const [one, two] = [await project.deployed('one'), await project.deployed('two')]
      appWrites(one, two)

      const verified = await project.run('status --verify --json')
      expect([verified.code, verified.json().result]).toEqual([0, 'consistent'])
      expect(verified.json().hosts.map(({ drift, flag }: Json) => [drift, flag])).toEqual(
        both.map(i => [
          { modified: [], missing: [], extra: ['__pycache__', `__pycache__/${i}.pyc`], extraCount: 2 },
          null,
        ]),
      )
      expect((await project.run('repair --json')).json()).toMatchObject({ result: 'unchanged', exitCode: 0 })

      rmSync(project.on(2), { recursive: true })
      const joined = await project.run('join --host h2 --json')
      expect([joined.code, project.releases(2)]).toEqual([0, [one, two]])

      appWrites(one)
      const dry = await project.run('rollback --dry-run')
      expect([dry.code, dry.stderr]).toEqual([0, expect.stringContaining('✔ 2 extra (__pycache__, __pycache__/1.pyc)')])
      const back = await project.run('rollback --yes --json')
      expect([back.code, back.json().result]).toEqual([0, 'rolled-back'])
      expect(both.map(project.current)).toEqual(both.map(() => `releases/${one}`))
    },
  )

  exhaustively('may write what is writable: that is the same in each new release, and is never compared', async () => {
    const { project } = here
    project.configure({ writable: ['storage/**', 'app.log'] })
    const built = { 'storage/a': 'built\n', 'app.log': '' }
    project.write({ 'app/storage/a': built['storage/a'], 'app/app.log': built['app.log'] })
    const one = await project.deployed('one')
    const two = await project.deployed('two')
    for (const i of both)
      writeFiles(project.on(i, 'current'), { 'storage/a': `${i}`, 'app.log': `${i}`, 'storage/b': '' })
    const verified = await project.run('status --verify --json')
    expect([verified.code, verified.json().hosts.map(({ drift }: Json) => drift.extraCount)]).toEqual([0, [0, 0]])
    const three = await project.deployed('three')
    for (const i of both) {
      for (const id of [one, three])
        for (const [name, text] of Object.entries(built)) expect(textOf(project.on(i, 'releases', id, name))).toBe(text)
      const inode = (id: string) => lstatSync(project.on(i, 'releases', id, 'server.js')).ino
      expect(new Set([one, two, three].map(inode)).size).toBe(1)
    }
    expect((await project.run('rollback --yes')).code).toBe(0)
    expect((await project.run('repair')).code).toBe(0)
  })

  it('and changes a file that is the older release’s too keeps nobody from going back: that one is made whole in a fresh copy', async () => {
    const { project } = here
    const [one, two] = [await project.deployed('one'), await project.deployed('two')]
    const file = (i: number, id: string) => project.on(i, 'releases', id, 'server.js')
    for (const i of both) appendFileSync(file(i, two), 'appended\n')
    expect(both.map(i => textOf(file(i, one)))).toEqual(both.map(() => 'serve()\nappended\n'))

    const dry = await project.run('rollback --dry-run')
    expect([dry.code, dry.stderr]).toEqual([
      0,
      expect.stringContaining('✔ when it is made whole: 1 modified (server.js)'),
    ])
    const { code, stderr } = await project.run('rollback --yes')
    expect([code, stderr]).toEqual([0, expect.stringContaining('Rolled back 2 hosts')])
    expect(both.map(i => [textOf(file(i, one)), textOf(file(i, two))])).toEqual(
      both.map(() => ['serve()\n', 'serve()\nappended\n']),
    )
    expect((await project.run('status --verify')).code).toBe(0)
    expect((await project.run(`rollback --yes --to ${two}`)).code).toBe(0)
    expect(both.map(i => textOf(file(i, two)))).toEqual(both.map(() => 'serve()\n'))
  })

  exhaustively(
    'is told which sealed files are nowhere to be had and how to go further back, by the dry run as by the run',
    async () => {
      const { project } = here
      const [one, two, three] = [await project.deployed('1'), await project.deployed('2'), await project.deployed('3')]
      const lost = (i: number) => rmSync(project.on(i, 'releases', two, 'version'))
      appWrites(one, two)
      rmSync(join(project.root, '.clonedeploy/cache'), { recursive: true })

      // The other host has what is lost on one.
      lost(2)
      expect(await project.run('rollback --dry-run --json')).toMatchObject({ code: 0 })
      lost(1)
      for (const command of ['rollback --dry-run', 'rollback --yes']) {
        const { code, stderr } = await project.run(command)
        expect([command, code]).toEqual([command, 3])
        expect(stderr).toContain(`h1, h2 do not hold ${two} as it was sealed, and it cannot be made whole`)
        expect(stderr).toContain('h2  1 missing (version), 2 extra (')
        expect(stderr).toContain(`go further back: clonedeploy rollback --to ${one}`)
        expect(stderr).toContain(`take it as it is: clonedeploy rollback --to ${two} --accept-drift`)
      }
      expect(both.map(project.current)).toEqual(both.map(() => `releases/${three}`))
      const accepted = await project.run(`rollback --yes --to ${two} --accept-drift`)
      expect([accepted.code, accepted.stderr]).toEqual([
        0,
        expect.stringMatching(new RegExp(`h2.*${two} is taken as it is: 1 missing .version.`)),
      ])
      expect((await project.run(`rollback --yes --to ${one}`)).code).toBe(0)
    },
  )

  exhaustively(
    'and has damaged the one that it serves is mended by a repair while users come, and none of them meets an error or half a file',
    async () => {
      const { project } = here
      await project.deployed('one')
      const two = await project.deployed('two')
      const damaged = 'damaged\n'.repeat(5000)
      writeFiles(project.on(2, 'current'), { version: damaged })
      rmSync(project.on(2, 'current/server.js'))
      const url = await serving(2)
      const before = await project.run('status --verify --json')
      expect(before.json().hosts.map(({ verdict }: Json) => verdict)).toEqual(['consistent', 'drifted'])

      const repair = project.run('repair --json')
      const answers = await users(`${url}/version`, repair)
      const { code, json, stderr } = await repair
      expect(code, stderr).toBe(0)
      expect(answers.length).toBeGreaterThan(50)
      expect([...new Set(answers)]).toEqual([`200 ${damaged}`, '200 two\n'])
      expect(await users(`${url}/server.js`, Promise.resolve())).toEqual(['200 serve()\n'])
      expect(json().digest).toBe(before.json().hosts[0].digest)
      expect(textOf(project.on(2, 'releases', two, 'version'))).toBe(damaged)
      expect((await project.run('status --verify --json')).json()).toMatchObject({ exitCode: 0, result: 'consistent' })
    },
  )

  /** A web server that reads files under `current` of a host; gives its address. */
  async function serving(i: number): Promise<string> {
    const server = createServer((request, response) => {
      readFile(here.project.on(i, `current${request.url}`)).then(
        bytes => response.end(bytes),
        error => response.writeHead(500).end(`${error}`),
      )
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** Users that come one after the other until `over`; what they were answered. */
  async function users(url: string, over: Promise<unknown>): Promise<readonly string[]> {
    const answers: string[] = []
    let ended = false
    over.finally(() => {
      ended = true
    })
    do {
      const response = await fetch(url)
      answers.push(`${response.status} ${await response.text()}`)
    } while (!ended)
    return answers
  }
})

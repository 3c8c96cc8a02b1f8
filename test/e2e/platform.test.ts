import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { elf, machO } from '../support/binaries.js'
import { exhaustively } from '../support/exhaustively.js'
import { all, onFleet } from '../support/on-fleet.js'
import type { Json } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

const arm = 0x0100000c

describe.skipIf(!sshdIsHere())('what hosts cannot run', () => {
  const here = onFleet()

  it('is refused before anything is sent, also when it is not read again', async () => {
    const { project } = here
    await project.deployed('one')
    const before = all.map(i => [project.current(i), project.releases(i)])
    project.write({ 'app/version': 'two\n' })
    mkdirSync(join(project.root, 'app/lib'))
    writeFileSync(join(project.root, 'app/lib/crypt.node'), machO(arm))
    // Longer than what is read at once.
    writeFileSync(join(project.root, 'app/large.so'), elf({ machine: 183, needs: ['libc.so.6'], far: 5 << 20 }))
    for (const command of ['deploy --json', 'deploy --dry-run --json', 'deploy --json']) {
      const { code, stdout } = await project.run(command)
      expect(code).toBe(3)
      expect(stdout).toContain('cannot run ')
      for (const i of all) expect(stdout).toContain(`h${i}`)
      // From then on the files are old enough to be gone by what was noted of them.
      await new Promise(resolve => setTimeout(resolve, 2_500))
    }
    const { stderr } = await project.run('deploy')
    expect(stderr).toContain('✖ 3 problems on 3 hosts. Nothing was changed.')
    expect(stderr).toMatch(
      /h1 +cannot run large\.so, which is built for Linux aarch64 with glibc, and 1 more file like it: this host is Linux \S+ with glibc\n/,
    )
    expect(stderr).toContain("known better: platform: 'ignore'\n")
    expect(all.map(i => [project.current(i), project.releases(i)])).toEqual(before)
    project.configure({ platform: 'ignore' })
    expect((await project.run('deploy')).code).toBe(0)
  })

  exhaustively('is known of a commit and of a build that are taken from the cache', async () => {
    const { project } = here
    writeFileSync(join(project.root, 'app/crypt.node'), machO(arm))
    project.git('init', '-q')
    project.git('add', 'app')
    project.git('commit', '-qm', 'one')
    const source = { git: '.', subdir: 'app' }
    for (const build of [undefined, 'true']) {
      project.configure({ source, build })
      for (const _ of ['first', 'again']) {
        const { code, stderr } = await project.run('deploy')
        expect([code, stderr]).toEqual([3, expect.stringContaining('cannot run crypt.node, which is built for macOS')])
      }
    }
  })
})

describe.skipIf(!sshdIsHere())('hosts that are not alike', () => {
  const folder = `/tmp/clonedeploy-uname-${process.pid}`
  const here = onFleet({
    hosts: all.length,
    environment: i => (i === 3 ? [`PATH=${folder}:/usr/bin:/bin`] : []),
  })

  /** The last host becomes another machine, by what it says. */
  function becomes(machine: string): void {
    mkdirSync(folder, { recursive: true })
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'uname'), `#!/bin/sh\necho ${machine}\n`)
    chmodSync(join(folder, 'uname'), 0o755)
  }

  it('are named by check and status, and are no problem', async () => {
    const { project } = here
    becomes('Linux riscv64')
    await project.deployed('one')
    const text = /the hosts are not alike: h1 and h2: Linux \S+ with glibc; h3: Linux riscv64/
    const check = await project.run('check --json')
    expect([check.code, check.json().warnings]).toEqual([0, expect.arrayContaining([expect.stringMatching(text)])])
    const status = await project.run('status --json')
    expect([status.code, status.json().result]).toEqual([0, 'consistent'])
    expect(status.json().unlike).toEqual([expect.stringMatching(text)])
    expect(status.json().hosts[2].platform).toBe('Linux riscv64')
    expect((await project.run('status')).stdout).toMatch(text)
  })

  it('by another runtime are named by check and status, with what each of them says', async () => {
    const { project } = here
    mkdirSync(folder, { recursive: true })
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'node'), '#!/bin/sh\necho v18.19.0\n', { mode: 0o755 })
    const [same, differs, fails] = ['cat version', 'node --version', 'exit 3']
    project.configure({ runtime: [same, differs, fails] }, i => ({
      env: { PATH: `${i === 3 ? folder : dirname(process.execPath)}:/usr/bin:/bin` },
    }))
    await project.deployed('one')
    const warned = [
      `the hosts are not alike by node --version: h1 and h2: ${process.version}; h3: v18.19.0`,
      'exit 3 fails on all 3 hosts: exit code 3',
    ]
    const runtime = (version: string) => [
      { run: same, ok: true, says: 'one' },
      { run: differs, ok: true, says: version },
      { run: fails, ok: false, says: 'exit code 3' },
    ]
    const [check, status] = [await project.run('check --json'), await project.run('status --json')]
    expect([check.code, check.json().warnings]).toEqual([0, expect.arrayContaining(warned)])
    expect([status.code, status.json().result, status.json().unlike]).toEqual([0, 'consistent', warned])
    for (const { json } of [check, status])
      expect(json().hosts.map((host: Json) => host.runtime)).toEqual(
        [process.version, process.version, 'v18.19.0'].map(runtime),
      )
    for (const command of ['check', 'status']) {
      const { stdout } = await project.run(command)
      for (const text of warned) expect(stdout).toContain(text)
    }
  })

  exhaustively('do not join with what they cannot run', async () => {
    const { project } = here
    becomes('Darwin arm64')
    const host = (i: number) => ({ name: `h${i}`, deployTo: project.on(i) })
    project.configure({ hosts: [host(1), host(2)] })
    for (const version of ['one', 'two']) {
      writeFileSync(join(project.root, 'app/own.so'), elf({ machine: process.arch === 'arm64' ? 183 : 62 }))
      await project.deployed(version)
    }
    project.configure({ hosts: all.map(host) })
    const { code, stderr } = await project.run('join')
    expect(code, stderr).toBe(3)
    expect(stderr).toContain('✖ h3: cannot run own.so, which is built for Linux ')
    expect(stderr).toContain("known better: platform: 'ignore'\n")
    expect([project.current(3), project.releases(3)]).toEqual([null, []])
    project.configure({ platform: 'ignore' })
    expect((await project.run('join')).code).toBe(0)
    expect(project.current(3)).toBe(project.current(1))
  })
})

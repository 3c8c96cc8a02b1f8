import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'
import { canMount, type Disk, type Image, mountDisk, mountImage } from './disk.js'
import { type At, startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { onScene } from './scene.js'
import { app, version } from './whole.js'

const here = sshdIsHere() && canMount()
/** What comes to the same for both is tried every day with one of them. */
const bytes = ['bytes', ...exhaustive(['inodes'] as const)] as const
const inodes = ['inodes', ...exhaustive(['bytes'] as const)] as const

describe.skipIf(!here)('a disk of one host', () => {
  const hosts = onHosts()
  const settings = (at: string) => ({
    env: { AT: at },
    restart: 'cat version >>"$AT/restarts.$CLONEDEPLOY_HOST"',
    health: { run: '! grep -q sick version', timeout: '1s', tryTimeout: '1s' },
  })
  const scene = onScene(hosts, settings)
  const odd = 2
  let disk: Disk
  beforeEach(() => {
    disk = mountDisk(scene.project.on(odd))
    scene.afterwards(disk.unmount)
  })
  const restarts = (i: number) => textOf(join(scene.project.root, `restarts.h${i}`))
  const served = () => hosts.all.map(i => version(scene.project, i))
  /** Starts a deploy of this version, and does that to the disk at that message. */
  const deployWith = async (next: string, at: At, act: () => void, more: Readonly<Record<string, string>> = {}) => {
    await scene.deploy('old')
    scene.project.write({ ...app(next), ...more })
    const running = startHeld(scene.project, 'deploy', at)
    expect(await running.reached()).toBe(true)
    act()
    return running
  }
  const ends = async (versions: readonly string[]) => {
    disk.free()
    await scene.ends(versions)
  }

  it.each(bytes)('without %s left stops a deploy before anything is sent, with 3', async what => {
    await scene.deploy('old')
    disk.fill(what)
    scene.project.write(app('new'))
    const { code, stderr } = await scene.project.run('deploy')
    expect(code, stderr).toBe(3)
    expect(stderr).toMatch(what === 'bytes' ? /h2.*too little disk space/ : /h2.*too few inodes/)
    expect(served()).toEqual(['old', 'old', 'old'])
    disk.free()
    await scene.deploy('newer')
  })

  exhaustively.each(['bytes', 'inodes'] as const)(
    'that has no %s left when files come stops the deploy, with 3',
    async what => {
      // So much is sent only when all locks are held.
      const large = { 'site/large': randomBytes(2 << 20).toString('base64') }
      const running = await deployWith('new', { kind: 'unpack', k: 1, when: 'before' }, () => disk.fill(what), large)
      running.resume()
      const { code, stderr } = await running.ended
      expect(code, stderr).toBe(3)
      expect(stderr).toContain('the disk is full')
      expect(served()).toEqual(['old', 'old', 'old'])
      expect(readdirSync(scene.project.on(odd, '.clonedeploy/incoming'))).toEqual([])
      rmSync(join(scene.project.root, 'site/large'))
      await ends(['old'])
    },
  )

  exhaustively.each(['bytes', 'inodes'] as const)(
    'that has no %s left after the host was armed keeps no host from going back, with 5',
    async what => {
      const running = await deployWith('sick', { kind: 'armed', k: 3, when: 'after' }, () => {})
      await hosts.whenArmed(scene.project)
      disk.fill(what)
      running.resume()
      const { code, stderr } = await running.ended
      expect(code, stderr).toBe(5)
      expect(served()).toEqual(['old', 'old', 'old'])
      for (const i of hosts.all) expect(restarts(i).split('\n').at(-2)).toBe('old version')
      await ends(['old'])
    },
  )

  exhaustively.each(['bytes', 'inodes'] as const)(
    'that has no %s left after the host was armed does not fail the deploy',
    async what => {
      const running = await deployWith('new', { kind: 'armed', k: 3, when: 'after' }, () => {})
      await hosts.whenArmed(scene.project)
      disk.fill(what)
      running.resume()
      const { code, stderr } = await running.ended
      expect(code, stderr).toBe(0)
      expect(stderr).toMatch(/h2: .*disk full.*Its lock stays; .*: clonedeploy repair/)
      expect(served()).toEqual(['new', 'new', 'new'])
      await ends(['new'])
    },
  )

  it.each(
    inodes,
  )('that has no %s left when the controller dies: the host goes back by itself, and serves it', async what => {
    const running = await deployWith('new', { kind: 'confirm', k: 1, when: 'before' }, () => disk.fill(what))
    running.child.kill('SIGKILL')
    await running.ended
    await hosts.letTimePass(scene.folders)
    expect(served()).toEqual(['old', 'old', 'old'])
    for (const i of hosts.all) expect(restarts(i)).toBe('old version\nnew version\nold version\n')
    await ends(['old'])
  })

  exhaustively('that becomes read-only before the swap: nothing stays swapped anywhere, with 5', async () => {
    const running = await deployWith('new', { kind: 'armed', k: 3, when: 'after' }, () => {})
    await hosts.whenArmed(scene.project)
    disk.readOnly(true)
    running.resume()
    const { code, stderr } = await running.ended
    expect(code, stderr).toBe(5)
    expect(served()).toEqual(['old', 'old', 'old'])
    disk.readOnly(false)
    await ends(['old'])
  })

  exhaustively('that is read-only stops a deploy before anything is sent, with 3', async () => {
    await scene.deploy('old')
    disk.readOnly(true)
    scene.project.write(app('new'))
    const { code, stderr } = await scene.project.run('deploy')
    expect(code, stderr).toBe(3)
    expect(stderr).toContain('which is mounted read-only')
    disk.readOnly(false)
    await scene.deploy('newer')
  })
})

describe.skipIf(!here)('a folder of one host in which nothing may be renamed', () => {
  const hosts = onHosts(2)
  const scene = onScene(hosts)
  const odd = 2
  const cases = [
    ['i', '.', 'may not write in'],
    ['i', 'releases', 'may not write in'],
    ['i', '.clonedeploy', 'may not write in'],
    ['a', '.', 'a rename in the deploy folder was refused'],
  ] as const

  it('(immutable, or append-only) stops a deploy before anything is sent, with 3', async () => {
    const { unmount } = mountImage(scene.project.on(odd))
    scene.afterwards(unmount)
    await scene.deploy('old')
    scene.project.write(app('new'))
    for (const [flag, folder, sentence] of cases) {
      execFileSync('chattr', [`+${flag}`, scene.project.on(odd, folder)])
      const { code, stderr } = await scene.project.run('deploy')
      execFileSync('chattr', [`-${flag}`, scene.project.on(odd, folder)])
      expect(code, stderr).toBe(3)
      expect(stderr).toMatch(new RegExp(`h2.*${sentence}`))
      expect(hosts.all.map(i => version(scene.project, i))).toEqual(['old', 'old'])
      expect(hosts.all.map(i => scene.project.releases(i).length)).toEqual([1, 1])
    }
    await scene.deploy('new')
    await scene.consistent()
  })
})

describe.skipIf(!here)('a power cut', () => {
  const hosts = onHosts(1)
  const scene = onScene(hosts)
  let image: Image
  beforeEach(() => {
    image = mountImage(scene.project.on(1))
    scene.afterwards(image.unmount)
  })
  const files = ['version', 'one.txt', 'two/three.txt']

  it.each([
    ['before', 'confirm', 'new'],
    ...exhaustive([
      ['after', 'seal', 'old'],
      ['after', 'unpack', 'old'],
      ['after', 'stage', 'old'],
      ['after', 'finish', 'new'],
    ] as const),
  ] as const)('%s the host was told to %s leaves the %s release, whole', async (when, kind, wanted) => {
    await scene.deploy('old')
    scene.project.write(app('new'))
    const running = startHeld(scene.project, 'deploy', { kind, k: 1, when })
    expect(await running.reached()).toBe(true)
    // The disk alone first: a commit changes what is on it.
    for (const commit of [false, true]) {
      const { folder, remove } = image.afterPowerCut(commit)
      try {
        const target = readlinkSync(join(folder, 'current'))
        const texts = files.map(file => readFileSync(join(folder, target, file), 'utf8').split(' ')[0])
        expect(texts).toEqual([wanted, wanted, wanted])
        for (const id of sealedOn(folder)) {
          expect(readFileSync(join(folder, 'releases', id, 'two/three.txt'), 'utf8')).toMatch(/^(old|new) three\n$/)
          for (const end of ['', '.seal', '.run', '.sealed'])
            expect(textOf(join(folder, '.clonedeploy/manifests', `${id}${end}`)), end).not.toBe('')
        }
        for (const tx of swappedOn(folder))
          expect([textOf(join(tx, 'next')), textOf(join(tx, 'old'))]).not.toContain('')
      } finally {
        remove()
      }
    }
    running.resume()
    expect((await running.ended).code).toBe(0)
  })
})

function sealedOn(folder: string): readonly string[] {
  const names = readdirSync(join(folder, '.clonedeploy/manifests'))
  return names.filter(name => name.endsWith('.seal')).map(name => name.replace('.seal', ''))
}

/** The folders of transactions that swapped and are not over. */
function swappedOn(folder: string): readonly string[] {
  const all = join(folder, '.clonedeploy/tx')
  return readdirSync(all)
    .map(tx => join(all, tx))
    .filter(tx => existsSync(join(tx, 'state.swapped')) && existsSync(join(tx, 'stage')))
}

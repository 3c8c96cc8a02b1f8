import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Ended, Json } from '../support/project.js'
import type { Recipe } from './recipe.js'
import { onRecipe, type Scene } from './scene.js'
import { type Answers, ask, startTraffic } from './traffic.js'

/** A recipe's way through all that can come, one test after the other: each begins where the one before it ended. */
export function walk(recipe: Recipe): Scene {
  const scene = onRecipe(recipe)
  const url = (port: number, path = '/') => `http://127.0.0.1:${port}${path}`
  const shown = () => Promise.all(scene.hosts.map(async ({ port }) => (await ask(url(port))).body))
  const underTraffic = async (run: () => Promise<Ended>): Promise<readonly [Ended, Answers]> => {
    const paths = ['/', ...(recipe.paths ?? [])]
    const traffic = await startTraffic(scene.hosts.flatMap(({ port }) => paths.map(path => url(port, path))))
    const ended = await run().finally(() => traffic.stop())
    return [ended, await traffic.stop()]
  }
  const releases: string[] = []

  it('is deployed to hosts that are set up as the page says', async () => {
    const ended = await scene.deploy('one')
    expect(ending(ended)).toEqual([0, ''])
    releases.push(ended.json().release)
    expect(await shown()).toEqual(['one', 'one'])
  })

  it(`takes the next release${recipe.seamless ? ' without a request that fails' : ''}`, async () => {
    const [ended, { failed, bodies }] = await underTraffic(() => scene.deploy('two'))
    expect(ending(ended)).toEqual([0, ''])
    releases.push(ended.json().release)
    expect(bodies).toEqual(['one', 'two'])
    if (recipe.seamless) expect(failed).toEqual([])
    expect(await shown()).toEqual(['two', 'two'])
  })

  it.runIf(recipe.warm)('lets nobody meet a release that fails', async () => {
    const [ended, answers] = await underTraffic(() => scene.deploy('bad', recipe.broken(scene.page)))
    expect([ended.code, ended.json().result]).toEqual([3, 'aborted'])
    expect(answers).toEqual({ failed: [], bodies: ['two'] })
    expect(await shown()).toEqual(['two', 'two'])
  })

  it.skipIf(recipe.warm)('is put back when a release fails after the swap', async () => {
    const [ended, { failed, bodies }] = await underTraffic(() => scene.deploy('bad', recipe.broken(scene.page)))
    expect([ended.code, ended.json().result]).toEqual([5, 'put-back'])
    expect(bodies.filter(body => body !== 'bad')).toEqual(['two'])
    if (recipe.seamless) expect(failed).toEqual([])
    expect(await shown()).toEqual(['two', 'two'])
  })

  const { refused } = recipe
  if (refused !== undefined)
    it('is not touched by a release that cannot start: that is found before the swap', async () => {
      const [{ code, stderr }, { failed, bodies }] = await underTraffic(() => scene.deploy('bad', refused.files))
      expect([code, failed, bodies]).toEqual([3, [], ['two']])
      expect(stderr).toMatch(refused.says)
    })

  it('goes back to a release into which the app has written', async () => {
    const written = recipe.writes.map(path => scene.hosts.map(host => isThere(host.deployTo, releases[0], path)))
    expect(written).toEqual(recipe.writes.map(() => [true, true]))
    const [ended, { failed, bodies }] = await underTraffic(() => scene.run('rollback --yes --json'))
    expect(ending(ended)).toEqual([0, ''])
    expect(ended.json().release).toBe(releases[0])
    expect(bodies).toEqual(['one', 'two'])
    if (recipe.seamless) expect(failed).toEqual([])
    expect(await shown()).toEqual(['one', 'one'])
  })

  it('is whole: nothing is there that the page has not named', async () => {
    const ended = await scene.run('status --verify --json')
    expect(ending(ended)).toEqual([0, ''])
    expect(ended.json().hosts.map(({ drift }: Json) => drift)).toEqual([whole, whole])
  })

  it('comes to a wiped host by join', async () => {
    scene.wipe(2)
    const ended = await scene.run('join --host h2 --json')
    expect(ending(ended)).toEqual([0, ''])
    expect(await shown()).toEqual(['one', 'one'])
    expect((await scene.run('status --verify')).code).toBe(0)
  })

  return scene
}

const whole = { modified: [], missing: [], extra: [], extraCount: 0 }

/** Its code, and what it said where that is not 0. */
function ending({ code, stderr }: Ended): readonly [number | null, string] {
  return [code, code === 0 ? '' : stderr]
}

function isThere(deployTo: string, release = '', path: string): boolean {
  return lstatSync(join(deployTo, 'releases', release, path), { throwIfNoEntry: false }) !== undefined
}

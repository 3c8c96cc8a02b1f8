import { type FSWatcher, readdirSync, watch } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { onFleet } from '../support/on-fleet.js'
import { type Place, sshdIsHere } from '../support/sshd.js'

const isRoot = process.getuid?.() === 0

/** Where programs keep files for a moment, and what stands there on our hosts: folders of their own, which we can look into. */
const places = { '/tmp': 'tmp', '/var/tmp': 'var', '/dev/shm': 'shm' } as const

/** What the fleet keeps in one of these places stays where it was. */
const world = ({ dir, folder }: Place) =>
  Object.entries(places).flatMap(([place, name]) => {
    const own = `${folder}/${name}`
    const kept = dir.startsWith(`${place}/`) ? `${own}${dir.slice(place.length)}` : null
    const keeps = kept === null ? [] : [`mkdir -p '${kept}'`, `mount --rbind '${dir}' '${kept}'`]
    return [`mkdir -p '${own}'`, ...keeps, `mount --rbind '${own}' ${place}`]
  })

describe.skipIf(!sshdIsHere() || !isRoot)('a host’s /tmp', () => {
  const here = onFleet({ hosts: 3, world: (_, at) => world(at) })
  const watchers: FSWatcher[] = []
  const seen = new Set<string>()
  const owns = () => [1, 2, 3].flatMap(i => Object.values(places).map(name => join(here.fleet.folder(i), name)))

  beforeEach(() => {
    seen.clear()
    for (const own of owns()) watchers.push(watch(own, (_, name) => void seen.add(name ?? '?')))
  })
  afterEach(() => {
    for (const watcher of watchers.splice(0)) watcher.close()
  })

  it('holds nothing of ours, at any moment of a deploy, its way back, a rollback, a repair or an audit', async () => {
    const { project } = here
    const before = owns().map(own => readdirSync(own))
    const hooks = { prepare: 'ls >made', restart: 'test ! -e fails', shared: { dirs: ['uploads'] }, relay: true }
    project.configure({ ...hooks, secrets: { TOKEN: { cmd: 'echo secret' } } })
    const large = Array.from({ length: 300 }, (_, n) => [`app/many/${n}`, `${n}\n`.repeat(500)] as const)
    project.write(Object.fromEntries(large))
    await project.deployed('one')
    await project.deployed('two')
    expect((await project.run('rollback --yes')).code).toBe(0)
    project.write({ 'app/fails': '' })
    expect((await project.run('deploy')).code).toBe(5)
    for (const command of [
      'repair',
      'status --verify',
      'check',
      'audit',
      'prune --keep 1',
      'maintenance on',
      'maintenance off',
    ])
      expect([command, (await project.run(command)).code]).toEqual([command, 0])
    expect([...seen]).toEqual([])
    expect(owns().map(own => readdirSync(own))).toEqual(before)
  })

  it('is seen to be written to by a hook', async () => {
    here.project.configure({ prepare: 'touch /tmp/by-a-hook; rm /tmp/by-a-hook; touch /var/tmp/too /dev/shm/three' })
    await here.project.deployed('one')
    expect([...seen].sort()).toEqual(['by-a-hook', 'three', 'too'])
  })
})

import { afterEach, beforeEach, expect } from 'vitest'
import { ageLocks } from '../support/lease.js'
import { type Ended, type Json, type Project, startProject } from '../support/project.js'
import type { Hosts } from './hosts.js'
import { type Reader, startReader } from './reader.js'
import { app, expectWhole } from './whole.js'

/** A fleet that serves a version and is read all the time; a second machine from which it is repaired. */
export interface Scene {
  readonly project: Project
  /** The same fleet from another folder, with nothing kept of what the first one did. */
  readonly other: Project
  readonly folders: readonly string[]
  /** That nothing is served again is right in this test: the first deploy ever is undone. */
  readonly mayEndAbsent: () => void
  /** Does this when the test is over and nobody reads any more. */
  readonly afterwards: (undo: () => void) => void
  /** Deploys this version; it must go through, and the fleet must be whole. */
  readonly deploy: (version: string) => Promise<void>
  /** Repairs from elsewhere, the dead run's locks being old enough: one of these versions must come of it. */
  readonly repair: (versions: readonly (string | null)[]) => Promise<Ended>
  /** Everything that a run left is ended by time and a repair, with one of these versions; and the next deploy goes through. */
  readonly ends: (versions?: readonly string[]) => Promise<void>
  /** What `status` says is what all hosts serve, and it finds nothing wrong. */
  readonly consistent: () => Promise<void>
}

export function onScene(hosts: Hosts, config: (at: string) => object = () => ({})): Scene {
  const here = {} as { project: Project; other: Project; reader: Reader; absent: boolean; undo: (() => void)[] }
  beforeEach(async () => {
    const project = await startProject(hosts.fleet)
    const other = await startProject(hosts.fleet)
    const settings = { source: { dir: 'site' }, ...config(project.root) }
    project.configure(settings)
    other.configure(settings, i => ({ deployTo: project.on(i) }))
    const reader = await startReader(hosts.all.map(i => project.on(i)))
    Object.assign(here, { project, other, reader, absent: false, undo: [] })
  })
  afterEach(async () => {
    hosts.unstop()
    const { reads, wrong } = await here.reader.stop()
    for (const undo of here.undo) undo()
    here.project.remove()
    here.other.remove()
    expect(here.absent ? wrong.filter(line => !line.includes('readlink')) : wrong).toEqual([])
    expect(reads).toBeGreaterThan(0)
  })
  /** A host may still be at the last word of the dead run, and take the lock for it after we aged it. */
  const repairAged = async (tries = 5): Promise<Ended> => {
    ageLocks(here.project, hosts.all)
    const ended = await here.other.run('repair --json')
    return ended.code === 4 && tries > 1 ? repairAged(tries - 1) : ended
  }
  const scene: Scene = {
    get project() {
      return here.project
    },
    get other() {
      return here.other
    },
    get folders() {
      return hosts.all.map(i => here.project.on(i))
    },
    afterwards: undo => here.undo.push(undo),
    mayEndAbsent() {
      here.absent = true
    },
    async deploy(version) {
      here.project.write(app(version))
      const { code, stderr } = await here.project.run('deploy --json')
      expect(code, stderr).toBe(0)
      expectWhole(here.project, hosts.all, [version])
    },
    async repair(versions) {
      const ended = await repairAged()
      expect(ended.code, ended.stderr).toBe(0)
      expectWhole(here.project, hosts.all, versions)
      return ended
    },
    async ends(versions = ['old', 'new']) {
      await hosts.letTimePass(scene.folders)
      await scene.repair(versions)
      await scene.deploy('newer')
      await scene.consistent()
    },
    async consistent() {
      const status: Json = (await here.other.run('status --json')).json()
      expect(status).toMatchObject({ result: 'consistent', exitCode: 0, lock: null, problems: [] })
    },
  }
  return scene
}

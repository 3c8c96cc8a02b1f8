import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packFolder } from '../../src/artifact/pack.js'
import { storedArtifact } from '../../src/commands/store/run-store.js'
import type { Config } from '../../src/config/config.js'
import { completeConfig } from '../../src/config/load/load.js'
import { planBoot } from '../../src/plan/boot.js'
import { type BootSettings, bootScript } from '../../src/scripts/boot/boot-script.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { placedPayload, putCopy, putProgram } from '../../src/store/artifacts.js'
import { folderStore } from '../../src/store/folder.js'
import {
  type Generation,
  generationKey,
  generationsOf,
  generationText,
  type StoredRelease,
} from '../../src/store/generation.js'
import type { Store } from '../../src/store/store.js'
import { fill, type Tree } from '../artifact/folders.js'
import { generation } from '../store/generation.js'
import { folder, type Ran, run, type Shell } from './scripts.js'

export const of = { app: 'shop', stage: 'production' }
export const idOf = (n: number) => `2026010${n}-120000-aaaaaa${n}`

/** The configuration of a fleet whose clones bring themselves up. */
export function cloneConfig(more: object = {}): Promise<Config> {
  const settings = { app: 'shop', deployTo: '/srv/shop', hosts: ['web-1'], store: { dir: 'kept' }, ...more }
  return completeConfig(settings, { cwd: '/', file: '/deploy.config.json' })
}

/** A store in a folder, as a fleet's deploys leave it. */
export interface CloneStore {
  readonly dir: string
  /** Keeps a release with the program that brings machines to it. */
  readonly release: (n: number, tree: Tree, config?: object) => Promise<StoredRelease>
  /** Creates the next generation. */
  readonly says: (own: Partial<Generation>) => Promise<number>
  /** A release that is confirmed. */
  readonly confirms: (n: number, tree: Tree, config?: object) => Promise<StoredRelease>
  readonly pathOf: (number: number) => string
}

/** In a folder, unless another store is given; its generations are signed so, or not. */
export function cloneStore(
  other: Store | null = null,
  signed: (line: string) => string | Buffer = line => line,
): CloneStore {
  const dir = folder('store')
  const store = other ?? folderStore(dir)
  let number = 0
  const release: CloneStore['release'] = async (n, tree, more = {}) => {
    const config = await cloneConfig(more)
    const { shared } = config
    const artifact = await packFolder({ dir: fill(folder(), tree), include: null, shared, cacheDir: folder() })
    const what = { release: idOf(n), digest: artifact.digest }
    const { copy } = await putCopy(store, 'shop', what, await storedArtifact(artifact, what.release))
    const placed = await placedPayload(store, 'shop', copy)
    if (placed === null) throw new Error('the copy does not say where its payload lies')
    const program = planBoot({ ...what, config, revision: null, times: { lease: 2, deadline: 20 } }, placed)
    return { ...what, boot: await putProgram(store, 'shop', copy, program), revision: null, clone: {} }
  }
  const says: CloneStore['says'] = async own => {
    number += 1
    const next = generation({ ...of, bad: [], confirmed: null, ...own, number })
    await store.create(generationKey(of, number), Buffer.from(signed(generationText(next))))
    return number
  }
  return {
    dir,
    release,
    says,
    async confirms(n, tree, config) {
      const target = await release(n, tree, config)
      await says({ state: 'confirmed', target, confirmed: target })
      return target
    },
    pathOf: number => join(dir, generationKey(of, number)),
  }
}

/** A machine, as far as it is a folder. */
export interface Clone {
  readonly root: string
  readonly ready: string
  readonly boot: (shell: Shell, own?: Partial<BootSettings>, env?: Readonly<Record<string, string>>) => Promise<Ran>
  readonly script: (own?: Partial<BootSettings>, what?: 'bake') => Script
  readonly record: () => Readonly<Record<string, unknown>>
}

export function cloneOf(dir: string): Clone {
  const root = folder('shop')
  const ready = join(folder('run'), 'ready')
  const script: Clone['script'] = (own = {}, what) => {
    const text = bootScript({
      ...of,
      deployTo: root,
      place: { kind: 'path', dir },
      signers: null,
      keys: { app: 'shop', generations: generationsOf(of.app, of.stage) },
      roles: [],
      ready,
      wait: 0,
      lease: 2,
      ...own,
    })
    return new Script('boot', what === undefined ? text : `set -- ${what}\n${text}`)
  }
  return {
    root,
    ready,
    script,
    boot: (shell, own, env) => run(script(own), shell, { env: env ?? {} }),
    record: () => JSON.parse(readFileSync(join(root, '.clonedeploy/boot'), 'utf8')),
  }
}

import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { packFolder } from '../../src/artifact/pack.js'
import { planBoot } from '../../src/plan/boot.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { lock } from '../../src/scripts/transaction/lock.js'
import { placedPayload, putProgram } from '../../src/store/artifacts.js'
import { folderStore } from '../../src/store/folder.js'
import { fill, nothingShared, read } from '../artifact/folders.js'
import { type Clone, type CloneStore, cloneConfig, cloneOf, cloneStore, idOf } from '../support/clone-store.js'
import { exhaustively } from '../support/exhaustively.js'
import { writeFiles } from '../support/files.js'
import { currentOf, everyShell, folder, place, run, shells } from '../support/scripts.js'
import { tried } from '../support/tier.js'
import { succeed } from './staged.js'

const tree = { version: 'one\n', 'bin/run': '#!/bin/sh\n', link: '-> version', 'empty/': '', 'odd name; $(x)': '' }
const two = { ...tree, version: 'two\n' }

let store: CloneStore
let clone: Clone
beforeEach(() => {
  store = cloneStore()
  clone = cloneOf(store.dir)
})

const served = () => readFileSync(join(clone.root, 'current/version'), 'utf8').trim()
const isReady = () => existsSync(clone.ready)
const lines = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [])

describe.each(everyShell)('a machine that boots under $name', shell => {
  it('brings itself to what is confirmed, byte for byte, and is ready then', async () => {
    const { release } = await store.confirms(1, tree, {
      shared: { dirs: ['uploads'] },
      env: { GREETING: "it's" },
      prepare: 'printf "%s %s" "$GREETING" "$CLONEDEPLOY_RELEASE" >made',
      restart: 'echo "$CLONEDEPLOY_PREVIOUS to $CLONEDEPLOY_RELEASE_PATH" >>../../restarts',
      health: { run: 'grep -q one version' },
    })
    const ended = await clone.boot(shell)
    expect([ended.code, isReady()]).toEqual([0, true])
    expect(currentOf(clone.root)).toBe(`releases/${release}`)
    const { REVISION: _, made, uploads, ...rest } = read(join(clone.root, 'current'))
    expect(rest).toEqual(read(fill(folder(), tree)))
    expect([made, uploads]).toEqual([`644 it's ${release}`, '-> ../../shared/uploads'])
    expect(lines(join(clone.root, 'restarts'))).toEqual([`to ${clone.root}/releases/${release}`])
    expect(clone.record()).toMatchObject({ seen: 1, state: 'ready', release })
    expect(readdirSync(join(clone.root, '.clonedeploy/booting'))).toEqual([])
    expect(readFileSync(clone.ready, 'utf8')).toBe(`${release}\n`)
  })
})

describe.each(shells)('a machine that boots again under $name', shell => {
  it('goes from its release to the next one, and starts what it has once more', async () => {
    const restart = 'echo "$CLONEDEPLOY_PREVIOUS to $CLONEDEPLOY_RELEASE" >>../../restarts'
    await store.confirms(1, tree, { restart })
    await clone.boot(shell)
    await clone.boot(shell)
    await store.says({ state: 'pending', target: await store.release(2, two, { restart }) })
    await store.confirms(2, two, { restart })
    expect((await clone.boot(shell)).code).toBe(0)
    expect(served()).toBe('two')
    const [one, next] = [idOf(1), idOf(2)]
    expect(lines(join(clone.root, 'restarts'))).toEqual([`to ${one}`, `${one} to ${one}`, `${one} to ${next}`])
    expect(clone.record()).toMatchObject({ seen: 3, release: next })
  })
})

describe.each(shells)('a machine that boots under $name is not ready', shell => {
  /** What was served before stays, whatever was there to be ready by. */
  const refused = async (code: number, reason: RegExp, wait = 0) => {
    const before = currentOf(clone.root)
    mkdirSync(join(clone.ready, '..'), { recursive: true })
    writeFileSync(clone.ready, 'of an earlier boot')
    const ended = await clone.boot(shell, { wait })
    expect(ended.stderr).toMatch(reason)
    expect([ended.code, isReady(), currentOf(clone.root)]).toEqual([code, false, before])
    expect(clone.record()).toMatchObject({ state: 'failed', reason: expect.stringMatching(reason) })
  }

  it('where there is no store', async () => {
    renameSync(store.dir, `${store.dir}-away`)
    await refused(3, /the store cannot be read: there is no folder/)
  })

  it('where the store is empty, or confirms nothing', async () => {
    await refused(3, /the store has no generation of this stage/)
    await store.says({ state: 'withdrawn', reason: 'h1: disk full', target: await store.release(1, tree) })
    await refused(3, /confirms no release whose files are in the store/)
  })

  it('while a deploy is at work that never ends', async () => {
    const confirmed = await store.confirms(1, tree)
    await store.says({ state: 'pending', confirmed, target: await store.release(2, two) })
    const began = performance.now()
    await refused(4, /generation 2 is pending/, 2)
    expect(performance.now() - began).toBeGreaterThan(2000)
  })

  it('with a release that is bad', async () => {
    const confirmed = await store.release(1, tree)
    const bad = [{ release: confirmed.release, digest: confirmed.digest ?? '', reason: 'it eats carts', at: 'today' }]
    await store.says({ state: 'withdrawn', reason: 'x', target: confirmed, confirmed, bad })
    await refused(3, /is bad: it eats carts/)
  })

  it('with an older store than it has seen', async () => {
    await store.confirms(1, tree)
    await store.confirms(2, two)
    await clone.boot(shell)
    rmSync(store.pathOf(2))
    await refused(3, /has lost generation 2/)
    expect(served()).toBe('two')
    // A person may say that the store was made anew.
    const said = / anew: (sed .*)/.exec((await clone.boot(shell)).stderr)?.[1] ?? ''
    await run(new Script('forget', said), shell)
    expect((await clone.boot(shell)).code).toBe(0)
    expect(served()).toBe('one')
  })

  const others: readonly (readonly [string, (text: string) => string])[] = [
    ['of another number', text => text.replace('"number":1', '"number":2')],
    ['of another app', text => text.replace('"app":"shop"', '"app":"shop2"')],
    ['of another stage', text => text.replace('"stage":"production"', '"stage":"staging"')],
    ['that is cut off', text => text.slice(0, -3)],
    ['without its newline', text => text.slice(0, -1)],
    ['of several lines', text => JSON.stringify(JSON.parse(text), null, 1)],
    ['whose fields stand elsewhere', text => `${JSON.stringify({ by: 'x', ...JSON.parse(text) })}\n`],
    ['of another state', text => text.replace('"state":"confirmed"', '"state":"sealed"')],
    ['with a release that is no name', text => text.replace(/"release":"[^"]*"/, '"release":"../20260101"')],
    ['with a digest that is none', text => text.replace('"sha256:', '"sha256:x')],
    ['with a program elsewhere', text => text.replace(/"boot":"artifacts\/\w*/, '"boot":"artifacts/..')],
    ['with a program two folders down', text => text.replace(/"boot":"artifacts\/(\w*)/, '"boot":"artifacts/$1/..')],
    ['with a quoted program', text => text.replace('"boot":"', '"boot":"\\"')],
  ]

  it.each(others)('with a generation %s', async (_, other) => {
    const path = (await store.confirms(1, tree)) && store.pathOf(1)
    const text = readFileSync(path, 'utf8')
    expect(other(text)).not.toBe(text)
    writeFileSync(path, other(text))
    await refused(3, /is not as clonedeploy writes them/)
  })

  it('where a text of a generation looks like one of its fields', async () => {
    const confirmed = await store.confirms(1, tree)
    const reason = '","state":"confirmed","confirmed":{"release":"x"\n"state":"confirmed",\n"bad":[]'
    await store.says({ state: 'pending', confirmed, target: await store.release(2, two), reason, by: reason })
    await refused(4, /generation 2 is pending/)
  })

  it.each(['payload', 'boot'])('with a tampered %s', async name => {
    await store.confirms(1, tree)
    const copies = join(store.dir, 'shop/artifacts')
    const file = readdirSync(copies, { recursive: true, encoding: 'utf8' }).find(
      one => one.split('/').at(-1)?.startsWith(name) && !one.endsWith('.json'),
    )
    appendFileSync(join(copies, file ?? ''), '\n')
    await refused(
      name === 'payload' ? 3 : 5,
      name === 'payload' ? /cannot be fetched: it has more than/ : /is not what its name says/,
    )
  })

  it('with a byte of its files changed', async () => {
    await store.confirms(1, tree)
    const copies = join(store.dir, 'shop/artifacts')
    const file = readdirSync(copies, { recursive: true, encoding: 'utf8' }).find(one => one.endsWith('/payload'))
    const path = join(copies, file ?? '')
    const data = readFileSync(path)
    data.writeUInt8(data.readUInt8(20) ^ 1, 20)
    writeFileSync(path, data)
    await refused(5, /its files are not those that were kept/)
    expect(existsSync(join(clone.root, 'releases'))).toBe(false)
  })

  it('with a manifest that is not the one of the digest', async () => {
    const { digest } = await store.release(1, tree)
    const folders = folderStore(store.dir)
    const pack = (files: typeof tree) =>
      packFolder({ dir: fill(folder(), files), include: null, shared: nothingShared, cacheDir: folder() })
    const other = await store.release(2, two)
    const copy = { digest: other.digest ?? '', name: (other.boot ?? '').split('/')[2] ?? '' }
    const placed = await placedPayload(folders, 'shop', copy)
    expect((await pack(tree)).digest).toBe(digest)
    const what = { config: await cloneConfig(), release: idOf(2), digest: digest ?? '', revision: null }
    const text = planBoot({ ...what, times: { lease: 2, deadline: 20 } }, placed as NonNullable<typeof placed>)
    const boot = await putProgram(folders, 'shop', { ...copy, digest: digest ?? '' }, text)
    const target = { release: idOf(2), digest, boot, revision: null, clone: {} }
    await store.says({ state: 'confirmed', target, confirmed: target })
    await refused(5, /the manifest that arrived is another one/)
    expect(readdirSync(join(clone.root, 'releases'))).toEqual([])
  })

  const failures: readonly (readonly [string, object, RegExp])[] = [
    ['a hook fails', { prepare: 'echo no room; exit 3' }, /echo no room; exit 3 failed \(90\)/],
    ['a restart fails', { restart: 'exit 4' }, /exit 4 failed/],
    ['it does not get well', { health: { run: 'echo sick; exit 1', timeout: '1s' } }, /is not well in time: /],
    ['a shared file is missing', { shared: { files: ['.env'] } }, /unpacking failed \(77\): \.env/],
    ['a secret is missing', { secrets: { DB_URL: { env: 'DB_URL' } } }, /the secret DB_URL is not known/],
  ]

  it.each(
    tried(failures, ([what]) => what === 'a hook fails' || what === 'a restart fails'),
  )('where %s, and serves what it served', async (_, config, reason) => {
    await store.confirms(2, two, config)
    await refused(5, reason)
    await store.confirms(1, tree)
    await succeed(clone.boot(shell))
    await store.confirms(2, two, config)
    await refused(5, reason)
    expect(served()).toBe('one')
    await store.confirms(3, { ...tree, version: 'three\n' })
    await succeed(clone.boot(shell))
    expect(served()).toBe('three')
  })

  it('where hooks have made other files than on the fleet', async () => {
    const target = await store.release(1, tree, { prepare: 'date +%N >made' })
    await store.says({ state: 'confirmed', target, confirmed: { ...target, tree: 'a'.repeat(64) } })
    await refused(5, /have made other files than on the fleet/)
    expect(readdirSync(join(clone.root, 'releases'))).toEqual([])
  })
})

describe.each(shells)('a machine that boots under $name', shell => {
  it('knows its secrets from its own environment, and gives none of the store’s keys away', async () => {
    const keys = { CLONEDEPLOY_S3_KEY_ID: 'key', CLONEDEPLOY_S3_SECRET: 'secret', DB_URL: "db's" }
    const config = { secrets: { DB_URL: { env: 'DB_URL' } }, restart: 'echo "$DB_URL" >../../db; ! env | grep -q S3_' }
    await store.confirms(1, tree, config)
    await succeed(clone.boot(shell, {}, keys))
    expect(lines(join(clone.root, 'db'))).toEqual(["db's"])
  })

  it('runs what is for its roles', async () => {
    const restart = [
      { run: 'echo web >>../../ran', roles: ['web'] },
      { run: 'echo worker >>../../ran', roles: ['worker', 'mail'] },
    ]
    await store.confirms(1, tree, { restart, hosts: [{ host: 'web-1', roles: ['web', 'worker', 'mail'] }] })
    await succeed(clone.boot(shell, { roles: ['mail', 'other'] }))
    expect(lines(join(clone.root, 'ran'))).toEqual(['worker'])
  })

  it('serves what was confirmed before a deploy that was withdrawn', async () => {
    const confirmed = await store.confirms(1, tree)
    const target = await store.release(2, two)
    const bad = [{ release: target.release, digest: target.digest ?? '', reason: 'sick', at: 'today' }]
    await store.says({ state: 'withdrawn', reason: 'sick', target, confirmed, bad })
    await succeed(clone.boot(shell))
    expect([served(), clone.record().seen]).toEqual(['one', 2])
  })

  it('finds the newest of many generations, without a list', async () => {
    const confirmed = await store.release(1, tree)
    for (let n = 1; n <= 37; n += 1) await store.says({ state: 'withdrawn', reason: '', target: confirmed, confirmed })
    await succeed(clone.boot(shell))
    expect(clone.record()).toMatchObject({ seen: 37 })
  })

  exhaustively('is ready with what was confirmed while it installed', async () => {
    const next = await store.release(2, two)
    const hold = folder('hold')
    const publish = `[ ! -e ${hold}/gen ] || mv ${hold}/gen ${store.pathOf(2)}`
    await store.confirms(1, tree, { restart: publish })
    await store.says({ state: 'confirmed', target: next, confirmed: next })
    renameSync(store.pathOf(2), join(hold, 'gen'))
    await succeed(clone.boot(shell, { wait: 30 }))
    expect([served(), clone.record().seen]).toEqual(['two', 2])
  })

  it('is not ready where a deploy began while it installed', async () => {
    const hold = folder('hold')
    const confirmed = await store.confirms(1, tree, { restart: `mv ${hold}/gen ${store.pathOf(2)}` })
    await store.says({ state: 'pending', confirmed, target: await store.release(2, two) })
    renameSync(store.pathOf(2), join(hold, 'gen'))
    const ended = await clone.boot(shell)
    expect([ended.code, isReady(), served()]).toEqual([4, false, 'one'])
  })

  describe('where a deploy is in charge', () => {
    const asLeft = () => {
      const { 'booting/': _, ...rest } = read(join(clone.root, '.clonedeploy'))
      return {
        ...rest,
        boot: null,
        current: currentOf(clone.root),
        releases: readdirSync(join(clone.root, 'releases')),
      }
    }
    const unchanged = async (code: number, reason: RegExp) => {
      const before = asLeft()
      const ended = await clone.boot(shell)
      expect([ended.code, isReady(), ended.stderr]).toEqual([code, code === 0, expect.stringMatching(reason)])
      expect(asLeft()).toEqual(before)
    }

    it('changes nothing, and is ready if that has brought what is confirmed', async () => {
      await store.confirms(1, tree)
      await succeed(clone.boot(shell))
      writeFiles(clone.root, { '.clonedeploy/fleet': '{"seq":1}\n' })
      await unchanged(0, /^$/)
      await store.confirms(2, two)
      await unchanged(6, /a deploy has named this machine, and it does not serve 20260102/)
    })

    it('changes nothing under the lock of a deploy', async () => {
      await store.confirms(1, tree)
      await succeed(run(lock(place(clone.root, 'a'.repeat(44)), '{}', { unresolved: 'refuse' }), shell))
      mkdirSync(join(clone.root, 'releases'))
      await unchanged(6, /somebody else holds the lock/)
    })

    it('changes nothing where another tool has put a release', async () => {
      await store.confirms(1, tree)
      writeFiles(clone.root, { 'releases/20260101000000/x': '', current: { link: 'releases/20260101000000' } })
      await clone.boot(shell)
      await unchanged(6, /was put here by something else/)
    })
  })

  it('is baked: its records of deploys go, its releases stay and need no second fetch', async () => {
    await store.confirms(1, tree)
    await succeed(clone.boot(shell))
    writeFiles(clone.root, { '.clonedeploy/fleet': '{"seq":1}\n' })
    await succeed(run(clone.script({}, 'bake'), shell))
    expect(isReady()).toBe(false)
    expect(readdirSync(join(clone.root, '.clonedeploy')).sort()).toEqual([
      'bad',
      'boot',
      'booting',
      'history',
      'manifests',
    ])
    const copies = join(store.dir, 'shop/artifacts')
    for (const file of readdirSync(copies, { recursive: true, encoding: 'utf8' }))
      if (file.endsWith('/payload')) rmSync(join(copies, file))
    await succeed(clone.boot(shell))
    expect([isReady(), served()]).toEqual([true, 'one'])
  })

  it('does not take a release for the confirmed one that was changed on it', async () => {
    await store.confirms(1, tree)
    await succeed(clone.boot(shell))
    writeFileSync(join(clone.root, 'current/version'), 'won\n')
    const ended = await clone.boot(shell)
    expect([ended.code, isReady()]).toEqual([5, false])
    expect(ended.stderr).toContain(`the check of ${idOf(1)} failed (81)`)
  })
})

it('a program is named by its sha256', async () => {
  const { boot = '' } = await store.release(1, tree)
  const text = readFileSync(join(store.dir, 'shop', boot))
  expect(boot.split('boot-')[1]).toBe(createHash('sha256').update(text).digest('hex'))
})

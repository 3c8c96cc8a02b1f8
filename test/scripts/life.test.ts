import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Artifact } from '../../src/artifact/artifact.js'
import { packFolder } from '../../src/artifact/pack.js'
import { parseInspect } from '../../src/fleet/read/parse-inspect.js'
import { seal } from '../../src/scripts/prepare/seal.js'
import { unpack } from '../../src/scripts/prepare/unpack.js'
import { appLog } from '../../src/scripts/read/app-log.js'
import { readContents, readManifest } from '../../src/scripts/read/contents.js'
import { setDates } from '../../src/scripts/read/file-times.js'
import { inspect } from '../../src/scripts/read/inspect.js'
import { verify } from '../../src/scripts/read/verify.js'
import { readUpstream, writeUpstream } from '../../src/scripts/service/upstream.js'
import { hook } from '../../src/scripts/shell/hook.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { flagMaintenance, recordDrains } from '../../src/scripts/transaction/balancer-notes.js'
import { bootResolver } from '../../src/scripts/transaction/boot-resolver.js'
import { discard, finish, keep, recordFleet } from '../../src/scripts/transaction/end-transaction.js'
import { layLinks } from '../../src/scripts/transaction/links.js'
import { breakLock, hold, lock, renew, unlock } from '../../src/scripts/transaction/lock.js'
import { abandon } from '../../src/scripts/transaction/mark-bad.js'
import { prune } from '../../src/scripts/transaction/prune.js'
import { decide } from '../../src/scripts/transaction/settle-transaction.js'
import { arm, confirm, look, restore, serve } from '../../src/scripts/transaction/swap.js'
import { laySwitch, switchOver } from '../../src/scripts/transaction/switch.js'
import { cool, forget, warm } from '../../src/scripts/transaction/warm.js'
import { fill, hostile, nothingShared, read } from '../artifact/folders.js'
import { textOf } from '../support/project.js'
import { currentOf, everyShell, folder, place, run, type Shell, start, until } from '../support/scripts.js'

const [first, second] = ['20260102-030405-aaaaaaa', '20260203-040506-bbbbbbb'] as const
const changed = { ...hostile, 'new\nfile': 'new', 'run.sh': 'no longer a program' }

/** Every script once, in the order in which a host meets them: what one shell or its programs do in their own way shows here. */
describe.each(everyShell)('under $name', shell => {
  it('a host goes through a deploy, another that is put back, and what comes after', async () => {
    const host = hostUnder(shell)
    const { root, does, says } = host
    const [one, two] = [await pack(hostile), await pack(changed)]

    const t1 = place(root, 't1')
    await does(lock(t1, '{"tx":"t1","who":"it\'s anna"}', { unresolved: 'refuse' }))
    expect(await host.state()).toMatchObject({ lock: { held: true, holder: { who: "it's anna" } }, releases: [] })
    await does(unpack(t1, unpacked(first, one, null), await one.payload(null, first)))
    await does(hook(t1, { folder: `releases/${first}`, run: 'printf %s "$A" >made', timeout: 9 }, { A: "it's\n$(x)" }))
    await does(setDates(t1, first, new Map([[1_600_000_000, ['./-rf']]])))
    const tree = await says(seal(t1, sealing(first, one, true)))
    await does(layLinks(t1, first, null, Buffer.from('echo back >>restarted')))
    await host.swapped(t1, first, null)
    await does(renew(t1))
    await does(confirm(t1, first, fleetRecord(1)))
    await does(finish(t1, { fleet: fleetRecord(1), history: ended }))
    const { REVISION, made, ...files } = read(join(root, 'releases', first))
    expect([REVISION, made, files]).toEqual(['644 c0ffee\n', "644 it's\n$(x)", read(fill(folder(), hostile))])
    expect(await says(verify(root, first, { whole: true, read: 'all' }))).toBe(tree)
    expect(await host.state()).toMatchObject({
      lock: { held: false },
      current: { release: first },
      releases: [{ id: first, digest: one.digest, tree: tree.slice(5, -1) }],
      last: { command: 'deploy' },
      fleet: { seq: 1 },
    })

    const t2 = place(root, 't2')
    await does(lock(t2, '{"tx":"t2"}', { unresolved: 'refuse', old: `releases/${first}` }))
    await does(recordDrains(t2, JSON.stringify({ ...said, seq: 1, tx: 't2', out: ['web-1'] })))
    expect(await says(flagMaintenance(t2, '{"by":"anna"}'))).toBe('on\n')
    expect(await host.state()).toMatchObject({ drained: { out: ['web-1'] }, maintenance: { by: 'anna' } })
    expect(await says(flagMaintenance(t2, null))).toBe('off\n')
    await does(unpack(t2, unpacked(second, two, first), await two.payload(one.manifest, second)))
    await does(seal(t2, sealing(second, two, false)))
    await does(layLinks(t2, second, `releases/${first}`, Buffer.from('echo back >>restarted')))
    await host.swapped(t2, second, `releases/${first}`)
    expect(await says(look(root, 't2'))).toBe(`current releases/${second}\nstate.swapped\n`)
    expect(await says(restore(t2, second))).toBe(`current releases/${first}\n`)
    await does(serve(t2))
    await does(keep(t2, second))
    await does(abandon(t2, { release: second, bad: "it's \\bad", history: '{}' }))
    const { REVISION: _, ...after } = read(join(root, 'releases', second))
    expect(after).toEqual(read(fill(folder(), changed)))
    expect(await says(verify(root, second, { whole: false, read: 'written' }))).toBe('')
    expect(gunzipSync(await host.bytes(readManifest(root, second))).toString('latin1')).toMatch(/^# clonedeploy 1 /)
    expect(gunzipSync(await host.bytes(readContents(root, second))).length).toBeGreaterThan(10)
    writeFileSync(join(root, 'releases', second, "it's"), 'drift')
    writeFileSync(join(root, 'releases', second, "it's new"), '')
    const drifted = await run(verify(root, second, { whole: false, read: 'all' }), shell)
    expect(drifted.code).toBe(81)
    expect(drifted.stdout).toMatch(/^x it's new\nextra 1\n\+f 644 5 [0-9a-f]{64} it's\n-f 644 .*\n1 entries were/)
    expect(
      await says(appLog(root, { kind: 'file', file: `current/made` }, { lines: 1, release: null, timeout: 9 }, {})),
    ).toBe('$(x)')

    const t3 = place(root, 't3')
    await does(hold(t3, '{"tx":"t3"}'))
    await does(recordFleet(t3, fleetRecord(2)))
    expect(await says(prune(t3, [second, first]))).toBe(`removed ${second}\n`)
    await does(breakLock(t3))
    await does(lock(place(root, 't4'), '{}', { unresolved: 'refuse' }))
    await does(discard(place(root, 't4')))
    await does(lock(place(root, 't5'), '{}', { unresolved: 'refuse' }))
    await does(unlock(place(root, 't5')))
    expect(await host.state()).toMatchObject({ lock: { held: false }, fleet: { seq: 2 }, releases: [{ id: first }] })
  })

  it('a host that loses its controller after the swap puts itself back, by its switch and at its next boot', async () => {
    const { root, does, swapped } = hostUnder(shell)
    const text = 'readlink current >>restarted'
    fill(root, { [`releases/${first}/a`]: '1', [`releases/${second}/a`]: '2', current: `-> releases/${first}` })
    for (const tx of ['t1', 't2']) {
      const at = place(root, tx)
      await does(lock(at, '{}', { unresolved: 'refuse' }))
      await does(layLinks(at, second, `releases/${first}`, Buffer.from(text)))
      const lease = tx === 't1' ? 1 : 60
      await swapped(at, second, `releases/${first}`, lease)
      if (tx === 't1') await until(() => currentOf(root) === `releases/${first}`, 'its switch acts')
      else {
        utimesSync(join(root, '.clonedeploy/tx/t2/lease'), 1000, 1000)
        const boot = { app: 'shop', stage: 'x', folders: [root], lease, user: null }
        await does(new Script('boot', bootResolver(boot).script))
      }
      expect(currentOf(root)).toBe(`releases/${first}`)
      await until(() => textOf(join(root, 'restarted')).split('\n').length > Number(tx[1]), 'it serves the old one')
      await does(decide(at, 'reverted'))
      await does(abandon(at, { release: second, bad: null, history: '{}' }))
    }
    expect(readFileSync(join(root, 'restarted'), 'utf8')).toBe(`releases/${first}\n`.repeat(2))
  })

  it('a release is warm beside the other, on a port of its own, gets the traffic at the word, and the other is cooled', async () => {
    const { root, does, swapped, state } = hostUnder(shell)
    const [t1, idle] = [place(root, 't1'), 'ports/3002']
    const run = { folder: `releases/${second}`, run: 'echo "$WHAT" >>../../did', timeout: 9 }
    fill(root, { [`releases/${first}/a`]: '1', [`releases/${second}/a`]: '2', current: `-> releases/${first}` })
    await does(lock(t1, '{}', { unresolved: 'refuse' }))
    await does(warm(t1, second, run, { WHAT: "it's warm" }, 3002))
    expect(await state()).toMatchObject({ warm: second, ports: { 3002: second } })
    await does(layLinks(t1, second, `releases/${first}`, Buffer.alloc(0)))
    const runs = [{ ...run, folder: 'current' }]
    await does(laySwitch(t1, { target: `releases/${second}`, runs, variables: { WHAT: 'switched' }, deadline: 20 }))
    await swapped(t1, second, `releases/${first}`)
    const waiting = start(switchOver(t1), shell)
    expect(await waiting.line()).toBe('here')
    waiting.send('switch t1')
    expect(await waiting.result).toMatchObject({ code: 0, stderr: '' })
    await does(confirm(t1, second))
    await does(cool(t1, run, { WHAT: 'cooled' }, true, 3002))
    expect(existsSync(join(root, idle))).toBe(false)
    await does(forget(t1))
    expect(await state()).toMatchObject({ warm: null, ports: {} })
    expect(readFileSync(join(root, 'did'), 'utf8')).toBe("it's warm\nswitched\ncooled\n")
  })

  it('a load balancer’s file is read and replaced', async () => {
    const { does, says } = hostUnder(shell)
    const dir = folder("it's here")
    writeFileSync(join(dir, 'real'), 'old\n')
    symlinkSync('real', join(dir, 'up'))
    const file = join(dir, 'up')
    const digest = (text: string | Buffer) => createHash('sha256').update(text).digest('hex')
    const told = { file, was: digest(await says(readUpstream(file))), becomes: digest('new\n') }
    await does(writeUpstream({ ...told, test: 'true', reload: 'true' }, Buffer.from('new\n')))
    expect(readFileSync(file, 'utf8')).toBe('new\n')
    expect(readdirSync(dir).sort()).toEqual(['.real.before', 'real', 'up'])
  })
})

function hostUnder(shell: Shell) {
  const root = folder('a shop')
  const ran = async (script: Script) => {
    const result = await run(script, shell)
    expect(result, script.name).toMatchObject({ code: 0, stderr: '' })
    return result.stdout
  }
  return {
    root,
    does: ran,
    says: ran,
    bytes: async (script: Script) => Buffer.from(await ran(script), 'latin1'),
    state: async () => parseInspect('h1', Buffer.from(await ran(inspect(root, [])), 'latin1')),
    async swapped(at: { readonly root: string; readonly tx: string }, release: string, old: string | null, lease = 60) {
      const waiting = start(arm(at, { release, old, deadline: 20, lease }), shell)
      expect(await waiting.line()).toBe('armed')
      waiting.send('ping')
      expect(await waiting.line()).toBe('here')
      waiting.send(`go ${at.tx}`)
      for (const line of ['renamed', `swapped releases/${release}`, 'flushed']) expect(await waiting.line()).toBe(line)
      waiting.send('end')
      expect((await waiting.result).code).toBe(0)
    },
  }
}

function unpacked(release: string, { digest }: Artifact, base: string | null) {
  return { release, base, unchanged: 'link', digest, revision: 'c0ffee', shared: nothingShared } as const
}

const said = { by: 'anna', at: '2026-01-02T03:04:05Z', release: first, previous: null }
const ended = JSON.stringify({ ...said, command: 'deploy' })

function fleetRecord(seq: number): string {
  return JSON.stringify({ ...said, seq, digest: null })
}

function sealing(release: string, { digest }: Artifact, hooked: boolean) {
  return { release, record: JSON.stringify({ digest }), run: '{}', hooked }
}

function pack(tree: typeof hostile): Promise<Artifact> {
  return packFolder({ dir: fill(folder(), tree), include: null, shared: nothingShared, cacheDir: folder() })
}

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { signedFor } from '../../src/store/signature.js'
import { type Clone, type CloneStore, cloneOf, cloneStore, idOf } from '../support/clone-store.js'
import { exhaustively } from '../support/exhaustively.js'
import { having, lacking } from '../support/lacking.js'
import { folder, shells } from '../support/scripts.js'
import { allow, signedBy, signer, signingKey } from '../support/signers.js'
import { tried } from '../support/tier.js'

const line = (bytes: string | Buffer) => `${String(bytes).split('\n')[0]}\n`

describe.each(shells)('a machine under $name that believes some signers', one => {
  const shell = having(one, 'ssh-keygen')
  let keys: Readonly<Record<'anna' | 'ben', string>>
  let signed: (line: string) => string | Buffer
  let store: CloneStore
  let clone: Clone
  beforeEach(() => {
    const dir = folder('keys')
    keys = { anna: signingKey(dir, 'anna'), ben: signingKey(dir, 'ben') }
    signed = text => signedBy(keys.anna, text)
    store = cloneStore(null, text => signed(text))
    clone = cloneOf(store.dir)
  })
  const boot = (allowed: readonly string[], { by = shell, TZ = 'UTC', wait = 0 } = {}) => {
    const text = readFileSync(allow(folder('allowed'), ...allowed), 'utf8').trimEnd()
    return clone.boot(by, { signers: { text, namespace: signedFor }, wait }, { TZ })
  }
  const served = () =>
    existsSync(join(clone.root, 'current')) ? readFileSync(join(clone.root, 'current/version'), 'utf8') : null
  const isReady = () => existsSync(clone.ready)

  it('brings itself to what one of them has signed', async () => {
    await store.confirms(1, { version: 'one' })
    expect(await boot([signer(keys.ben), signer(keys.anna)])).toMatchObject({ code: 0, stderr: '' })
    expect([served(), isReady()]).toEqual(['one', true])
  })

  it('looks a signer up for the time that the generation gives, wherever the machine is', async () => {
    await store.confirms(1, { version: 'one' })
    for (const TZ of ['UTC', 'Asia/Tokyo', 'America/New_York']) {
      const until = (time: string) => [signer(keys.anna, `namespaces="clonedeploy",valid-before="${time}Z"`)]
      expect((await boot(until('202612011201'), { TZ })).code).toBe(0)
      expect((await boot(until('202612011159'), { TZ })).code).toBe(3)
    }
  })

  const left: Readonly<Record<string, readonly [(text: Buffer) => string | Buffer, RegExp]>> = {
    'that nobody signed': [
      line,
      /generation 2 is not signed: find out who may write in the store; .*--trust-generation 2/,
    ],
    'that was changed': [
      text => text.toString('latin1').replaceAll(idOf(2), idOf(3)),
      /generation 2 is signed, but was changed since/,
    ],
    'that a stranger signed': [
      text => signedBy(keys.ben, line(text)),
      /generation 2 is signed by the ED25519 key SHA256:\S+, which this machine does not allow: .*make the image again/,
    ],
    'that was signed for something else': [
      text => signedBy(keys.anna, line(text), 'file'),
      /generation 2 is signed, but was changed since, or was signed for something else/,
    ],
    'whose signature is none': [text => `${line(text)}-----BEGIN SSH SIGNATURE-----\n`, /generation 2 is signed, but/],
    'of another stage': [
      text => signedBy(keys.anna, line(text).replace('"production"', '"staging"')),
      /generation 2 is not as clonedeploy writes them/,
    ],
    'of another number': [() => readFileSync(store.pathOf(1)), /generation 2 is not as clonedeploy writes them/],
  }

  const everyday = ['that nobody signed', 'that was changed']

  it.each(tried(Object.keys(left), how => everyday.includes(how)))('goes by no generation %s', async how => {
    const [spoilt = line, reason = /^$/] = left[how] ?? []
    await store.confirms(1, { version: 'one' })
    expect((await boot([signer(keys.anna)])).code).toBe(0)
    await store.confirms(2, { version: 'two' })
    writeFileSync(store.pathOf(2), spoilt(readFileSync(store.pathOf(2))))
    for (const from of ['one', null]) {
      if (from === null) rmSync(clone.root, { recursive: true })
      const ended = await boot([signer(keys.anna)])
      expect([ended.code, isReady(), served(), ended.stderr]).toEqual([3, false, from, expect.stringMatching(reason)])
      expect(clone.record()).toMatchObject({ seen: from === null ? 0 : 1, state: 'failed', release: '' })
    }
    rmSync(store.pathOf(2))
    expect([(await boot([signer(keys.anna)])).code, served()]).toEqual([0, 'one'])
  })

  exhaustively('is not ready where a generation comes meanwhile that nobody signed', async () => {
    const hold = join(folder('hold'), 'gen')
    await store.confirms(1, { version: 'one' }, { restart: `[ ! -e ${hold} ] || mv ${hold} ${store.pathOf(2)}` })
    writeFileSync(hold, line(readFileSync(store.pathOf(1))).replace('"number":1', '"number":2'))
    const ended = await boot([signer(keys.anna)], { wait: 20 })
    expect([ended.code, isReady(), ended.stderr]).toEqual([
      3,
      false,
      expect.stringContaining('generation 2 is not signed'),
    ])
  })

  it('is not ready without the program that checks them', async () => {
    await store.confirms(1, { version: 'one' })
    const ended = await boot([signer(keys.anna)], { by: lacking(one, 'ssh-keygen') })
    expect([ended.code, isReady(), served()]).toEqual([3, false, null])
    expect(ended.stderr).toContain('there is no ssh-keygen on this machine')
  })
})

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { generationKey, generationText } from '../../src/store/generation.js'
import { createGeneration, newestGeneration } from '../../src/store/generations.js'
import { type Signing, signedStore, trySigning } from '../../src/store/signed-store.js'
import { signWith, verifyBy } from '../../src/store/ssh-keygen.js'
import type { Store } from '../../src/store/store.js'
import { document } from '../docs/markdown.js'
import { everyShell } from '../support/scripts.js'
import { allow, signedBy, signer, signingKey } from '../support/signers.js'
import { generation } from './generation.js'
import { memoryStore } from './memory.js'

const of = { app: 'shop', stage: 'production' }
const mine = generation({ number: 42, at: '2026-12-02T12:00:00.000Z' })
const key = generationKey(of, 42)
const line = generationText(mine)

let dir: string
let anna: string
let ben: string
let allowed: string
let objects: Map<string, Uint8Array>
let plain: Store

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'clonedeploy-signed-'))
  anna = signingKey(dir, 'anna')
  ben = signingKey(dir, 'ben')
  allowed = allow(dir, signer(anna))
  objects = new Map()
  plain = memoryStore(objects, async () => {})
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(dir, { recursive: true })
})

const by = (signing: Partial<Signing> = {}): Store =>
  signedStore(plain, { sign: signWith(anna), verify: verifyBy(allowed), trusted: null, ...signing })
const newest = (store: Store = by()) => newestGeneration(store, of)
/** The newest generation, or what is said of it. */
const said = (store?: Store) =>
  newest(store).then(
    found => found?.number,
    error => error.message,
  )
const refused = (words: RegExp) => ({
  name: 'StoreError',
  fault: 'unsigned',
  exitCode: 3,
  message: expect.stringMatching(words),
})

describe('a generation that is signed', () => {
  it('is the record in one line, with what OpenSSH makes of it below', async () => {
    await createGeneration(by(), mine)
    expect([...objects.keys()]).toEqual([key])
    expect(Buffer.from(objects.get(key) as Uint8Array).equals(signedBy(anna, line))).toBe(true)
    expect(line).toMatch(/^\{"number":42,"app":"shop","stage":"production","at":"2026-12-02T12:00:00\.000Z",/)
    expect(await newest()).toEqual(mine)
  })

  it('is read by whoever checks nothing, too', async () => {
    await createGeneration(by(), mine)
    expect(await newest(by({ sign: null, verify: null }))).toEqual(mine)
  })

  it('is what another run’s is told apart from', async () => {
    objects.set(key, signedBy(anna, generationText({ ...mine, tx: 'theirs' })))
    expect((await createGeneration(by(), mine)).tx).toBe('theirs')
    objects.set(key, signedBy(ben, generationText({ ...mine, tx: 'theirs' })))
    await expect(createGeneration(by(), mine)).rejects.toMatchObject(refused(/does not allow/))
  })

  it.each(everyShell)('is checked by the lines of the documentation under $name', async ({ command, path }) => {
    const text = /```text\n(head -n 1[\s\S]*?)```/.exec(document('docs/store.md'))?.[1] ?? ''
    const [file = '', ...args] = command
    const tools = join(dir, 'tools')
    mkdirSync(tools)
    const keygen = execFileSync('which', ['ssh-keygen'], { encoding: 'utf8' }).trim()
    writeFileSync(join(tools, 'ssh-keygen'), `#!/bin/sh\nexec ${keygen} "$@"\n`, { mode: 0o755 })
    const check = (object: Uint8Array) => {
      writeFileSync(join(dir, 'generation'), object)
      return spawnSync(file, [...args, '-c', text], {
        cwd: dir,
        env: { PATH: `${tools}:${path}`, SHLVL: '2' },
        encoding: 'utf8',
      })
    }
    await createGeneration(by(), mine)
    const object = objects.get(key) as Uint8Array
    expect(check(object)).toMatchObject({ status: 0, stderr: '' })
    expect(check(Buffer.from(line)).status).not.toBe(0)
    expect(check(Buffer.from(Buffer.from(object).toString().replace('web-1', 'web-9'))).status).not.toBe(0)
    expect(check(signedBy(ben, line)).status).not.toBe(0)
    expect(check(signedBy(anna, line, 'file')).status).not.toBe(0)
    expect(check(signedBy(anna, generationText({ ...mine, stage: 'staging' }))).status).not.toBe(0)
    allow(dir, signer(anna, 'valid-before="20261202115959Z"'))
    expect(check(object).status).not.toBe(0)
    allow(dir, signer(anna, 'valid-before="20261202120001Z"'))
    expect(check(object).status).toBe(0)
  })
})

describe('a generation is refused', () => {
  it.each<[string, RegExp, () => Uint8Array]>([
    ['that nobody signed', /is not signed/, () => Buffer.from(line)],
    [
      'that a stranger signed',
      /signed by the ED25519 key SHA256:\S+, which \S+ does not allow/,
      () => signedBy(ben, line),
    ],
    [
      'that was changed',
      /was changed since/,
      () => Buffer.from(signedBy(anna, line).toString().replace('web-1', 'web-9')),
    ],
    [
      'with the signature of another',
      /was changed since/,
      () => Buffer.concat([Buffer.from(line), signatureOf(42 + 1)]),
    ],
    ['that was signed for something else', /signed for something else/, () => signedBy(anna, line, 'git')],
    [
      'with two records above one signature',
      /is not signed/,
      () => Buffer.concat([Buffer.from(line), signedBy(anna, line)]),
    ],
    [
      'with something below its signature',
      /is not signed/,
      () => Buffer.concat([signedBy(anna, line), Buffer.from(line)]),
    ],
    [
      'with a signature that is none',
      /was changed since/,
      () => Buffer.from(`${line}-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n`),
    ],
    ['that says no time', /does not say when/, () => signedBy(anna, '{"number":42}\n')],
  ])('%s', async (_, words, object) => {
    objects.set(key, object())
    await expect(newest()).rejects.toMatchObject(refused(words))
    await expect(newest(by({ sign: null }))).rejects.toMatchObject(refused(words))
  })

  it.each([{ stage: 'staging' }, { app: 'blog' }, { number: 41 }])('that was signed as %j', async other => {
    objects.set(key, signedBy(anna, generationText({ ...mine, ...other })))
    await expect(newest()).rejects.toMatchObject({ fault: 'damaged' })
  })

  it('with the way out, which believes this one alone', async () => {
    objects.set(key, Buffer.from(line))
    const error = await newest().catch(thrown => thrown)
    expect(error.next.join('\n')).toContain('clonedeploy deploy --trust-generation 42')
    expect(error.next.join('\n')).toContain(`take ${key} out of the store`)
    expect(await newest(by({ trusted: 42 }))).toEqual(mine)
    await expect(newest(by({ trusted: 41 }))).rejects.toMatchObject(refused(/is not signed/))
  })

  it('where the signers cannot be looked up', async () => {
    await createGeneration(by(), mine)
    rmSync(allowed)
    await expect(newest()).rejects.toMatchObject(refused(/could look up: .*allowed_signers/))
    vi.stubEnv('PATH', dir)
    await expect(newest()).rejects.toMatchObject(refused(/cannot be checked: .*ENOENT/))
  })
})

describe('signers', () => {
  it('may be several', async () => {
    allow(dir, signer(anna), signer(ben))
    await createGeneration(by(), generation({ number: 1 }))
    expect(await said()).toBe(1)
    await createGeneration(by({ sign: signWith(ben) }), generation({ number: 2 }))
    expect(await said()).toBe(2)
  })

  it('change, and what the old key signed in its time stays good', async () => {
    await createGeneration(by(), mine)
    allow(dir, signer(anna, 'namespaces="clonedeploy",valid-before="20261202120001Z"'), signer(ben))
    expect(await said()).toBe(42)
    const next = generation({ number: 43, at: '2026-12-02T12:00:02.000Z' })
    await expect(createGeneration(by(), next)).rejects.toMatchObject(
      refused(/what is signed here .* does not allow: line 1: key has expired/),
    )
    expect(objects.size).toBe(1)
    await createGeneration(by({ sign: signWith(ben) }), next)
    expect(await said()).toBe(43)
    allow(dir, signer(ben))
    expect(await said()).toBe(43)
    objects.delete(generationKey(of, 43))
    expect(await said()).toContain('does not allow')
  })

  it.each(['valid-after="20261202115959Z"', ''])('may begin at a time: %s', async options => {
    await createGeneration(by(), mine)
    allow(dir, signer(anna, options))
    expect(await said()).toBe(42)
  })

  it('are not those of another namespace, nor those of later', async () => {
    await createGeneration(by(), mine)
    allow(dir, signer(anna, 'namespaces="git"'))
    expect(await said()).toContain('does not allow')
    allow(dir, signer(anna, 'valid-after="20261202120001Z"'))
    expect(await said()).toContain('does not allow: line 1: key is not yet valid')
  })
})

describe('what is signed here', () => {
  const create = (signing: Partial<Signing>) => createGeneration(by(signing), mine)

  it.each<[string, RegExp, () => Partial<Signing>]>([
    ['has to be allowed', /what is signed here is signed by .* does not allow/, () => ({ sign: signWith(ben) })],
    ['needs a key', /absent cannot sign: /, () => ({ sign: signWith(join(dir, 'absent')) })],
    [
      'needs a key that can be read',
      /locked cannot sign: .*passphrase/,
      () => ({ sign: signWith(signingKey(dir, 'locked', 'secret')) }),
    ],
    [
      'needs the agent for a public key',
      /anna\.pub cannot sign: /,
      () => {
        rmSync(anna)
        return { sign: signWith(`${anna}.pub`) }
      },
    ],
    ['is something, where only what is signed is believed', /the config has no "sign"/, () => ({ sign: null })],
  ])('%s, and nothing is created without', async (_, words, signing) => {
    vi.stubEnv('SSH_AUTH_SOCK', '')
    const signed = signing()
    await expect(create(signed)).rejects.toMatchObject(refused(words))
    await expect(
      trySigning(plain, { sign: null, verify: verifyBy(allowed), trusted: null, ...signed }),
    ).rejects.toMatchObject(refused(words))
    expect(objects.size).toBe(0)
  })

  it('is signed by the agent, too', async () => {
    const agent = execFileSync('ssh-agent', ['-s'], { encoding: 'utf8' })
    const value = (name: string) => new RegExp(`${name}=([^;]+)`).exec(agent)?.[1] ?? ''
    try {
      vi.stubEnv('SSH_AUTH_SOCK', value('SSH_AUTH_SOCK'))
      execFileSync('ssh-add', ['-q', anna], { stdio: 'ignore' })
      rmSync(anna)
      await createGeneration(by({ sign: signWith(`${anna}.pub`) }), mine)
      expect(await said()).toBe(42)
    } finally {
      process.kill(Number(value('SSH_AGENT_PID')))
    }
  })

  it('is generations alone', async () => {
    const store = by()
    await store.create('shop/probes/1', Buffer.from('a\nb'))
    await store.put('shop/artifacts/1', Buffer.from('c\nd'))
    expect([...objects.values()].map(String)).toEqual(['a\nb', 'c\nd'])
    expect(String(await store.read('shop/probes/1', 100))).toBe('a\nb')
  })

  it('is nothing where nobody signs, unless the others do', async () => {
    const store = by({ sign: null, verify: null })
    await createGeneration(store, mine)
    expect(String(objects.get(key))).toBe(line)
    const next = generation({ number: 44 })
    objects.set(generationKey(of, 43), signedBy(anna, generationText(generation({ number: 43 }))))
    expect(await said(store)).toBe(43)
    await expect(createGeneration(store, next)).rejects.toMatchObject(refused(/the generations there are signed/))
    const trusting = by({ sign: null, verify: null, trusted: 43 })
    expect(await said(trusting)).toBe(43)
    await createGeneration(trusting, next)
    expect(objects.size).toBe(3)
  })
})

function signatureOf(number: number): Buffer {
  const other = generationText({ ...mine, number })
  return signedBy(anna, other).subarray(Buffer.byteLength(other))
}

import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fingerprint, knownHostsReader, namesOf } from '../../src/connection/host-keys/known-hosts.js'

const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-known-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function key(name: string, type: string): string {
  const file = join(dir, name)
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file])
  return readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
}
const [A, B, C] = [key('a', 'ed25519'), key('b', 'ed25519'), key('c', 'ecdsa')] as [string, string, string]

const LINES = [
  '# a comment',
  '',
  `web-1 ${A}`,
  `web-2,10.0.0.2 ${A} with a comment`,
  `[web-1]:2222 ${B}`,
  `*.example.com,!bad.example.com ${C}`,
  `web-? ${C}`,
  `192.168.0.* ${B}`,
  `[*.example.com]:2200 ${B}`,
  `MixedCase.Example.ORG ${A}`,
  `@revoked web-3 ${A}`,
  `web-3 ${A}`,
  `@cert-authority *.corp ${B}`,
  `\tweb-9 ${A}`,
  'web-4',
  'web-5 ssh-ed25519',
  'web-6 ssh-ed25519 AAAAnonsense',
  `@unheard web-7 ${A}`,
  `fe80::1 ${A}`,
]
const plain = join(dir, 'plain')
writeFileSync(plain, `${LINES.join('\n')}\n`)
const hashed = join(dir, 'hashed')
writeFileSync(hashed, `web-1 ${A}\n[web-1]:2222 ${B}\nhost.example.com ${C}\n`)
execFileSync('ssh-keygen', ['-q', '-H', '-f', hashed], { stdio: 'ignore' })

/** What ssh-keygen -F says: line number and marker of each hit. */
function bySshKeygen(file: string, name: string): Promise<string[]> {
  return new Promise(resolve => {
    execFile('ssh-keygen', ['-F', name, '-f', file], (_, stdout) => {
      const hits = stdout.matchAll(/^# Host .* found: line (\d+) ?(CA|REVOKED)?/gm)
      resolve([...hits].map(([, line, marker]) => `${line}${marker ?? ''}`).sort())
    })
  })
}

async function byUs(file: string, name: string): Promise<string[]> {
  const found = await knownHostsReader()([name.toLowerCase()], [file])
  return [
    ...found.trusted.map(entry => `${entry.line}`),
    ...found.authorities.map(entry => `${entry.line}CA`),
    ...found.revoked.map(entry => `${entry.line}REVOKED`),
  ].sort()
}

describe('known_hosts files are read as ssh-keygen -F reads them', () => {
  const names = [
    ...['web-1', 'web-2', 'web-3', 'web-4', 'web-5', 'web-7', 'web-9', 'web-10', 'web', 'eb-1'],
    ...['[web-1]:2222', '[web-1]:22', '10.0.0.2', '10.0.0.20', '192.168.0.7', '192.168.1.7', 'fe80::1'],
    ...['host.example.com', 'bad.example.com', 'example.com', 'hostXexample.com', '[host.example.com]:2200'],
    ...['mixedcase.example.org', 'MIXEDCASE.example.org', 'a.corp', 'corp', '*', '!bad.example.com'],
  ]
  it.each(names)('plain: %s', async name => {
    expect(await byUs(plain, name)).toEqual(await bySshKeygen(plain, name))
  })
  it.each(['web-1', '[web-1]:2222', 'host.example.com', 'web-2', '[web-1]:22'])('hashed: %s', async name => {
    expect(await byUs(hashed, name)).toEqual(await bySshKeygen(hashed, name))
  })
  it('finds something at all, in both', async () => {
    expect(await byUs(plain, 'web-1')).toEqual(['3', '7'])
    expect(await byUs(hashed, '[web-1]:2222')).toEqual(['2'])
  })
})

describe('files made by chance are read as ssh-keygen -F reads them', () => {
  // Always the same chance: a multiplicative congruential generator (MINSTD).
  let seed = 20_241
  const below = (n: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % n
  }
  const pick = <T>(items: readonly T[]) => items[below(items.length)] as T
  const words = ['a', 'b', 'web', 'web-1', '10.0.0.1', 'x.y', '[web]:22', '[web]:2222', '[10.0.0.1]:2222', '::1']
  const wild = ['*', 'w*', '*b', 'we?', '?', '[*]:2222', '*.y', 'WEB', '10.0.*', '*-?']
  const pattern = () => `${pick(['', '', '', '!'])}${pick([...words, ...words, ...wild])}`
  const line = () => {
    const hosts = Array.from({ length: 1 + below(3) }, pattern).join(',')
    return `${pick(['', '', '', '', '@revoked ', '@cert-authority ', '# '])}${hosts} ${pick([A, B, C])}`
  }
  const files = [1, 2, 3, 4].map(n => {
    const file = join(dir, `chance-${n}`)
    writeFileSync(file, Array.from({ length: 12 }, () => `${line()}\n`).join(''))
    return file
  })

  it.each(words)('%s', async name => {
    for (const file of files) expect([file, await byUs(file, name)]).toEqual([file, await bySshKeygen(file, name)])
  })
})

it('reads several files as one, in their order, and a revocation in the last of them counts', async () => {
  const [first, second] = [join(dir, 'first'), join(dir, 'second')]
  writeFileSync(first, `web-1 ${A}\nweb-2 ${B}\n`)
  writeFileSync(second, `web-1 ${C}\n@revoked web-1 ${A}\n@cert-authority web-8 ${A}\n`)
  const read = knownHostsReader()
  const known = await read(['web-1'], [first, join(dir, 'none'), second])
  const places = (keys: readonly { readonly file: string; readonly line: number }[]) =>
    keys.map(({ file, line }) => `${file}:${line}`)
  expect(places(known.trusted)).toEqual([`${first}:1`, `${second}:1`])
  expect(places(known.revoked)).toEqual([`${second}:2`])
  expect(await read(['web-8'], [first, second])).toMatchObject({ trusted: [], authorities: [{ line: 3 }] })
})

it('takes a key of the host without its port only where there is none with it', async () => {
  const read = knownHostsReader()
  const lines = async (port: number, hostname = 'web-1') => {
    const known = await read(namesOf({ hostname, port, hostKeyAlias: null }), [plain])
    return known.trusted.map(entry => entry.line)
  }
  expect(await lines(22)).toEqual([3, 7])
  expect(await lines(2222)).toEqual([5])
  expect(await lines(2223)).toEqual([3, 7])
})

it('takes no key from a line that does not hold one', async () => {
  expect((await knownHostsReader()(['web-6'], [plain])).trusted.map(entry => entry.line)).toEqual([7])
})

it('revokes a key on every port', async () => {
  const known = await knownHostsReader()(namesOf({ hostname: 'web-3', port: 2222, hostKeyAlias: null }), [plain])
  expect(known.revoked.map(entry => entry.line)).toEqual([11])
})

it('looks for nothing but the alias where there is one', () => {
  expect(namesOf({ hostname: '10.0.0.1', port: 2222, hostKeyAlias: 'Web-1' })).toEqual(['web-1'])
})

it('prints fingerprints as ssh-keygen -l does', () => {
  const printed = execFileSync('ssh-keygen', ['-lf', join(dir, 'a.pub')], { encoding: 'utf8' })
  expect(printed).toContain(` ${fingerprint(Buffer.from(A.split(' ')[1] as string, 'base64'))} `)
})

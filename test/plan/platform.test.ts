import { describe, expect, it } from 'vitest'
import { parsePlatform } from '../../src/scripts/read/platform.js'
import { type Binary, platformProblems, unlikeTexts } from '../../src/state/platform.js'
import { host } from './states.js'

const glibc = parsePlatform('Linux x86_64', ['ld-linux-x86-64.so.2'])
const musl = parsePlatform('Linux x86_64', ['ld-musl-x86_64.so.1'])
const both = parsePlatform('Linux x86_64', ['ld-linux-x86-64.so.2', 'ld-musl-x86_64.so.1', 'ld-linux.so.2'])
const bare = parsePlatform('Linux x86_64', [])
const arm = parsePlatform('Linux aarch64', ['ld-linux-aarch64.so.1'])
/** A 64-bit kernel below a 32-bit system. */
const pi = parsePlatform('Linux aarch64', ['ld-linux-armhf.so.3'])
const mac = parsePlatform('Darwin arm64', [])

const linux = (path: string, machine = 'x86_64', libc: Binary['libc'] = 'glibc'): Binary => {
  return { path, system: 'Linux', machines: [machine], libc }
}
const darwin = (path: string, ...machines: readonly string[]): Binary => ({
  path,
  system: 'Darwin',
  machines,
  libc: null,
})
const problems = (platform: typeof glibc, ...binaries: readonly Binary[]) =>
  platformProblems([host('web-1', { platform })], binaries, 'fail')

describe('a host', () => {
  it.each([
    ['its own', glibc, linux('a'), true],
    ['a static one', musl, linux('a', 'x86_64', null), true],
    ['one of another libc', musl, linux('a'), false],
    ['one of either libc', both, linux('a', 'x86_64', 'musl'), true],
    ['one of 32 bits with a loader for it', both, linux('a', 'x86'), true],
    ['one of 32 bits without', glibc, linux('a', 'x86'), false],
    ['one of which the loaders are elsewhere', bare, linux('a'), true],
    ['one of another machine', arm, linux('a'), false],
    ['one of a smaller machine, by its loader', pi, linux('a', 'arm'), true],
    ['one of its kernel, which has no loader', pi, linux('a', 'aarch64'), false],
    ['one of macOS', glibc, darwin('a', 'x86_64'), false],
    ['one of macOS on macOS', mac, darwin('a', 'x86_64', 'aarch64'), true],
    ['one of another macOS', mac, darwin('a', 'x86_64'), false],
    ['anything, where it says nothing of itself', null, linux('a', 'arm'), true],
  ])('runs %s', (_, platform, binary, fits) => expect(problems(platform, binary)).toHaveLength(fits ? 0 : 1))

  it('is named with the file and what helps', () => {
    const [first, ...others] = problems(glibc, darwin('lib/a.node', 'aarch64'), linux('b', 'arm'), linux('c'))
    expect(others).toEqual([])
    expect(first).toEqual({
      host: 'web-1',
      text: 'cannot run lib/a.node, which is built for macOS aarch64, and 1 more file like it: this host is Linux x86_64 with glibc',
      fix: `install and build for the hosts (in "prepare", or on a machine like them); what is not needed there goes into .deployignore; known better: platform: 'ignore'`,
    })
    const states = [host('web-1', { platform: glibc })]
    expect(platformProblems(states, [darwin('a', 'aarch64')], 'ignore')).toEqual([])
  })
})

describe('files for many platforms', () => {
  it.each([
    [
      'node_modules/bcrypt/prebuilds/darwin-x64/bcrypt.node',
      'node_modules/bcrypt/prebuilds/linux-x64/bcrypt.glibc.node',
    ],
    ['node_modules/@esbuild/darwin-arm64/bin/esbuild', 'node_modules/@esbuild/linux-x64/bin/esbuild'],
    [
      'node_modules/@img/sharp-libvips-darwin-arm64/lib/libvips-cpp.8.17.3.dylib',
      'node_modules/@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.8.17.3',
    ],
    ['@next/swc-darwin-arm64/next-swc.darwin-arm64.node', '@next/swc-linux-x64-gnu/next-swc.linux-x64-gnu.node'],
    ['lib/binding/napi-v6-darwin-unknown-arm64/sqlite3.node', 'lib/binding/napi-v6-linux-glibc-x64/sqlite3.node'],
  ])('%s is no problem beside the one that fits, and is one alone', (foreign, own) => {
    expect(problems(glibc, darwin(foreign, 'aarch64'), linux(own))).toEqual([])
    expect(problems(glibc, darwin(foreign, 'aarch64'))).toHaveLength(1)
    expect(problems(glibc, darwin(foreign, 'aarch64'), linux('else/x.node'))).toHaveLength(1)
  })
})

it('hosts that are not alike are named', () => {
  const of = (name: string, platform: typeof glibc) => host(name, { platform })
  expect(unlikeTexts([of('a', glibc), of('b', glibc), of('c', null)])).toEqual([])
  expect(unlikeTexts([of('a', musl), of('b', glibc), of('c', glibc), of('d', arm)])).toEqual([
    'the hosts are not alike: b and c: Linux x86_64 with glibc; a: Linux x86_64 with musl; d: Linux aarch64 with glibc',
  ])
})

it.each([
  ['', []],
  ['Linux', []],
  ['Linux x86_64 \u001b[2J', []],
  ['Linux x86_64 more', []],
])('what is no platform is none: %j', (line, loaders) => expect(parsePlatform(line, loaders)).toBe(null))

import { expect, it } from 'vitest'
import { createOutput } from '../../src/render/output.js'
import { wrapped } from '../../src/render/wrap.js'

const at = (columns: number, text: string) => wrapped(text, columns).split('\n')

it('a line that fits stays as it is', () => {
  expect(at(40, '✔ Deployed 20261123-183045-7a6ae02.')).toEqual(['✔ Deployed 20261123-183045-7a6ae02.'])
})

it.each<[string, string, readonly string[]]>([
  [
    'a sentence with its mark',
    '✖ Deploy failed on web-3. All 3 hosts serve 20261122 again (verified).',
    ['✖ Deploy failed on web-3. All 3 hosts', '  serve 20261122 again (verified).'],
  ],
  [
    'a phase',
    '00:03 build      ✔ 9 files, links and folders, 7.3 kB',
    ['00:03 build      ✔ 9 files, links and', '                 folders, 7.3 kB'],
  ],
  [
    'a row of a table',
    '  web-1   20261122-101010-1f2e3d4   ✔ 200 in 138 ms',
    ['  web-1   20261122-101010-1f2e3d4', '          ✔ 200 in 138 ms'],
  ],
  [
    'what stands beside something else',
    '      release 7a6ae02 (main, clean)   was 1f2e3d4',
    ['      release 7a6ae02 (main, clean)', '      was 1f2e3d4'],
  ],
  [
    'a row with a mark at its end',
    '  web-3   ?   -   -   -         ← UNREACHABLE',
    ['  web-3   ?   -   -   -', '          ← UNREACHABLE'],
  ],
  [
    'what a host printed',
    '  web-1 | npm error code EUSAGE in the lock file',
    ['  web-1 | npm error code EUSAGE in the', '          lock file'],
  ],
  [
    'a path too long for what is left of its line',
    'disk full, for /srv/shop/releases/20261122-1010',
    ['disk full, for', '/srv/shop/releases/20261122-1010'],
  ],
  [
    'a path that is longer than a line, which stays whole',
    `at ${'/srv/releases'.repeat(4)}`,
    ['at', '/srv/releases'.repeat(4)],
  ],
  [
    'a command, which is still one when it is copied',
    '  fix: clonedeploy unlock production --tx 01a2 --yes',
    ['  fix: clonedeploy unlock production \\', '       --tx 01a2 --yes'],
  ],
  [
    'a command with a remark behind it',
    '  rm /srv/x     it keeps nothing that cannot be made again',
    ['  rm /srv/x     it keeps nothing that', '  cannot be made again'],
  ],
  [
    'a command with a quoted word',
    "next: clonedeploy deploy blue -m 'hot fix of carts'",
    ['next: clonedeploy deploy blue -m \\', "      'hot fix of carts'"],
  ],
])('wraps %s', (_what, line, lines) => {
  expect(at(40, line)).toEqual(lines)
})

it('counts no colours, and keeps them', () => {
  const red = `\u001b[31m✖ ${'word '.repeat(7).trim()}\u001b[39m`
  expect(at(40, red)).toEqual([red])
  expect(at(30, red)).toEqual([`\u001b[31m✖ ${'word '.repeat(5).trim()}`, '  word word\u001b[39m'])
})

function written(text: string, isTTY: boolean): string {
  const got: string[] = []
  const stream = { isTTY, columns: 20, destroyed: false, write: (one: string) => got.push(one) > 0, on: () => {} }
  createOutput({ stdout: stream, stderr: stream }, {}, { color: false }).stdout(text)
  return got.join('')
}

it('only a terminal gets wrapped lines', () => {
  const text = `${'word '.repeat(9).trim()}\n`
  expect(written(text, false)).toBe(text)
  expect(written(text, true)).toBe('word word word word\nword word word word\nword\n')
})

it.each([
  ['JSON', '{"v":1,"message":"no space left on the device"}\n'],
  ['a script', '#!/bin/sh\nexec clonedeploy deploy production --yes\n'],
])('%s stays as it is on a terminal too', (_what, text) => {
  expect(written(text, true)).toBe(text)
})

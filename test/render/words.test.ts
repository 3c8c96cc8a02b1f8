import { describe, expect, it } from 'vitest'
import { colorLevel } from '../../src/render/paint.js'
import { rendererKind } from '../../src/render/progress/create-renderer.js'
import { cut, tableLines, widthOf } from '../../src/render/table.js'
import { agoText, durationText, stampText } from '../../src/text/duration.js'
import { escapeBytes, escapeLine, escapeLines } from '../../src/text/escape.js'
import { listed, named, removedText } from '../../src/text/phrases.js'
import { bytesText, partText } from '../../src/text/units.js'

describe('the colour level', () => {
  it.each([
    ['a terminal', true, {}, true, 1],
    ['a pipe', false, {}, true, 0],
    ['--no-color on a terminal', true, { FORCE_COLOR: '3' }, false, 0],
    ['NO_COLOR on a terminal', true, { NO_COLOR: '1' }, true, 0],
    ['NO_COLOR against FORCE_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, true, 0],
    ['an empty NO_COLOR, which says nothing', true, { NO_COLOR: '' }, true, 1],
    ['a dumb terminal', true, { TERM: 'dumb' }, true, 0],
    ['FORCE_COLOR on a pipe', false, { FORCE_COLOR: '' }, true, 1],
    ['FORCE_COLOR=2 on a pipe', false, { FORCE_COLOR: '2' }, true, 2],
    ['FORCE_COLOR=3 on a pipe', false, { FORCE_COLOR: '3' }, true, 3],
    ['FORCE_COLOR=0 on a terminal', true, { FORCE_COLOR: '0' }, true, 0],
    ['GitHub Actions', false, { GITHUB_ACTIONS: 'true' }, true, 1],
  ] as const)('of %s', (_what, isTTY, env, color, level) => {
    expect(colorLevel({ isTTY }, env, { color })).toBe(level)
  })
})

describe('the renderer', () => {
  const terminal = { isTTY: true, columns: 80 }
  const pipe = { isTTY: false, columns: 0 }
  it.each([
    ['a terminal', 'auto', terminal, {}, 'tty'],
    ['a pipe', 'auto', pipe, {}, 'plain'],
    ['a terminal without a width', 'auto', { isTTY: true, columns: 0 }, {}, 'plain'],
    ['a terminal in CI', 'auto', terminal, { CI: 'true' }, 'plain'],
    ['CI=false', 'auto', terminal, { CI: 'false' }, 'tty'],
    ['a dumb terminal', 'auto', terminal, { TERM: 'dumb' }, 'plain'],
    ['GitHub Actions', 'auto', pipe, { CI: 'true', GITHUB_ACTIONS: 'true' }, 'github'],
    ['plain asked for in GitHub Actions', 'plain', pipe, { GITHUB_ACTIONS: 'true' }, 'plain'],
    ['tty asked for on a pipe', 'tty', pipe, {}, 'plain'],
    ['tty asked for on a terminal in CI', 'tty', terminal, { CI: '1' }, 'tty'],
    ['jsonl asked for on a terminal', 'jsonl', terminal, {}, 'jsonl'],
  ] as const)('for %s', (_what, asked, stderr, env, kind) => {
    expect(rendererKind(asked, stderr, env)).toBe(kind)
  })
})

describe('foreign text', () => {
  it.each([
    ['a colour', '\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['a carriage return', '10%\r20%', '10%\\x0d20%'],
    ['NUL, bell and delete', '\0\u0007\u007f', '\\x00\\x07\\x7f'],
    ['an eight-bit escape', '\u009b2J', '\\x9b2J'],
    ['a tab', 'a\tb', 'a\tb'],
    ['text that runs backwards', 'a\u202eb', 'a\\u202eb'],
    ['a line separator', 'a\u2028b', 'a\\u2028b'],
    ['half a character', 'a\ud83db', 'a\ufffdb'],
    ['letters of all kinds', 'Grüße 你好 👩‍👩‍👧', 'Grüße 你好 👩‍👩‍👧'],
  ])('shows %s', (_what, text, shown) => {
    expect(escapeLine(text)).toBe(shown)
  })

  it('is cut after 2,000 characters', () => {
    expect(escapeLine('a'.repeat(2000))).toBe('a'.repeat(2000))
    expect(escapeLine('a'.repeat(2345))).toBe(`${'a'.repeat(2000)}… (345 more characters)`)
  })

  it('that is not UTF-8 shows U+FFFD', () => {
    expect(escapeBytes(Uint8Array.from([0x61, 0xff, 0xc3, 0x28, 0x1b]))).toBe('a\ufffd\ufffd(\\x1b')
  })

  it('is split into lines, whichever way they end', () => {
    expect(escapeLines('a\r\nb\n\nc\n')).toEqual(['a', 'b', '', 'c'])
    expect(escapeLines('')).toEqual([''])
  })
})

describe('units', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [5_040, '5 kB'],
    [999_600, '1 MB'],
    [12_400_000, '12.4 MB'],
    [38_123_456, '38.1 MB'],
    [99_960_000, '100 MB'],
    [210_400_000, '210 MB'],
    [41_000_000_000, '41 GB'],
    [3_140_000_000_000, '3.1 TB'],
    [5_000_000_000_000_000, '5000 TB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text)
  })

  it('parts are told in the unit of the whole', () => {
    expect(partText(900_000, 12_400_000)).toBe('0.9/12.4 MB')
    expect(partText(0, 0)).toBe('0/0 B')
  })

  it.each([
    [0, '0 ms'],
    [40.6, '41 ms'],
    [999, '999 ms'],
    [999.6, '1s'],
    [9_800, '9.8s'],
    [9_960, '10s'],
    [31_400, '31s'],
    [59_600, '1m'],
    [72_000, '1m 12s'],
    [3_600_000, '1h'],
    [7_500_000, '2h 5m'],
  ])('%d milliseconds are %s', (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })

  it.each([
    ['2026-11-23T18:30:00Z', '41s'],
    ['2026-11-23T18:27:40Z', '3m'],
    ['2026-11-23T13:00:00Z', '5h'],
    ['2026-11-22T10:10:10Z', '1d'],
    ['2026-11-23T18:45:00Z', '0s'],
    ['yesterday', '?'],
  ])('%s is %s ago', (iso, text) => {
    expect(agoText(iso, new Date('2026-11-23T18:30:41Z'))).toBe(text)
  })

  it.each([
    [0, '00:00'],
    [13_900, '00:13'],
    [754_000, '12:34'],
    [6_000_000, '100:00'],
  ])('%d milliseconds after the start is %s', (ms, text) => {
    expect(stampText(ms)).toBe(text)
  })

  it.each([
    [[], ''],
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
    [['a', 'b', 'c', 'd', 'e'], 'a, b and 3 more'],
  ])('names %j are listed as "%s"', (names, text) => {
    expect(listed(names)).toBe(text)
  })
})

describe('width', () => {
  it('aligns columns by what is seen, not by what is stored', () => {
    expect(
      tableLines([
        ['HOST', 'SERVES', 'STATE'],
        ['web-1', '\u001b[32mok\u001b[39m', ''],
        ['服务器', 'x', 'lost'],
      ]),
    ).toEqual(['  HOST     SERVES   STATE', '  web-1    \u001b[32mok\u001b[39m', '  服务器   x        lost'])
  })

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['服务器', 5, '服务…'],
    ['服务器', 4, '服…'],
    ['\u001b[31mabcdef\u001b[39m', 4, '\u001b[31mabc…\u001b[39m'],
    ['abc\u001b[31mdef\u001b[39m', 4, 'abc\u001b[31m…\u001b[39m'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('cuts %j to %d columns', (text, width, kept) => {
    expect(cut(text, width)).toBe(kept)
    expect(widthOf(kept)).toBeLessThanOrEqual(width)
  })
})

describe('what hosts have lost', () => {
  it.each<[number[], string]>([
    [[0, 0, 0], 'removed 0 old releases'],
    [[1, 1], 'removed 1 old release on each host'],
    [[4], 'removed 4 old releases'],
    [[1, 4], 'removed 1 old release on web-1 and 4 on web-2'],
    [[2, 0, 2], 'removed 2 old releases on web-1 and 2 on web-3'],
  ])('%j is told host by host where it differs', (counts, text) => {
    expect(removedText(new Map(counts.map((count, i) => [`web-${i + 1}`, count])))).toBe(text)
  })
})

it.each([
  ['no space left', 'web-1: no space left'],
  ['web-1 is not trusted', 'web-1 is not trusted'],
  ['web-10 is not trusted', 'web-1: web-10 is not trusted'],
])('of web-1, "%s" is told as "%s"', (text, told) => {
  expect(named('web-1', text)).toBe(told)
})

import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../src/text/duration.js'

describe('a duration in milliseconds', () => {
  it.each<[string | number, number | null]>([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5s', 1500],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1h30m', 5_400_000],
    ['1m30s', 90_000],
    ['1m500ms', 60_500],
    [' 30s ', 30_000],
    ['30', 30_000],
    [30, 30_000],
    [0.25, 250],
    [0, 0],
    ['0s', 0],
    ['24h', 86_400_000],
    ['', null],
    [' ', null],
    ['s', null],
    ['-5s', null],
    [-5, null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
    ['5 m', null],
    ['5min', null],
    ['30S', null],
    ['30s1m', null],
    ['1e3s', null],
    ['1000h', null],
  ])('%j is %s', (value, ms) => {
    expect(parseDuration(value)).toBe(ms)
  })
})

describe('a duration as text', () => {
  it.each([
    [0, '0s'],
    [500, '500ms'],
    [1500, '1500ms'],
    [10_000, '10s'],
    [90_000, '90s'],
    [600_000, '10m'],
    [5_400_000, '90m'],
    [7_200_000, '2h'],
  ])('%d ms is %s, and back', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
    expect(parseDuration(text)).toBe(ms)
  })
})

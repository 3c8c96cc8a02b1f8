import { describe, expect, it } from 'vitest'
import { writableExpression } from '../../src/release/shared.js'

describe('what the app may write', () => {
  it.each([
    ['.next/cache', ['.next/cache', '.next/cache/a/b'], ['.next', '.next/cached', 'x/.next/cache', 'Xnext/cache']],
    ['storage/**', ['storage/a', 'storage/a/b'], ['storage', 'storages/a']],
    ['logs/*.log', ['logs/a.log', 'logs/.log', 'logs/a.log/b'], ['logs/a/b.log', 'logs/a_log']],
    ['**/cache', ['cache', 'a/cache', 'a/b/cache/x'], ['a/caches', 'xcache']],
    ['a/**/b', ['a/b', 'a/x/y/b', 'a/b/c'], ['a', 'a/xb']],
    ['p?ges/[id]+(x).js', ['pages/[id]+(x).js'], ['pages/i+x.js', 'paages/[id]+(x).js']],
  ])('by %s', (pattern, yes, no) => {
    const whole = new RegExp(`^${writableExpression([pattern, 'another'])}$`)
    expect([...yes, 'another/one'].filter(path => !whole.test(path))).toEqual([])
    expect(no.filter(path => whole.test(path))).toEqual([])
  })

  it('is nothing where nothing is named', () => {
    expect(writableExpression([])).toBeNull()
  })
})

import { expect, it } from 'vitest'
import { endOf } from '../../src/artifact/select/tree.js'

const links = {
  'a/here': 'x',
  'a/up': '../b/x',
  'a/root': '..',
  'a/through': 'root/b/x',
  'a/out': 'root/../x',
  'a/out and in': '../../tree/b/x',
  'a/absolute': '/b/x',
  'a/chained': 'absolute',
  'a/chained folder': 'absolute/../../b/x',
  'a/gone': 'gone away',
  'a/gone and back': 'gone away/../../b/x',
  'a/loop': 'other loop',
  'a/other loop': 'loop',
  'a/dots': './/.././b//x/',
}

it.each([
  ['a/here', 'inside'],
  ['a/up', 'inside'],
  ['a/root', 'inside'],
  ['a/through', 'inside'],
  ['a/dots', 'inside'],
  ['a/out', 'outside'],
  ['a/out and in', 'outside'],
  ['a/absolute', 'outside'],
  ['a/chained', 'outside'],
  ['a/chained folder', 'outside'],
  ['a/gone', 'missing'],
  ['a/gone and back', 'missing'],
  ['a/loop', 'missing'],
])('%s ends %s', (path, end) => {
  const tree = { links: new Map(Object.entries(links)), has: (each: string) => ['a', 'a/x', 'b', 'b/x'].includes(each) }
  expect(endOf(path, tree)).toBe(end)
})

import { expect, it } from 'vitest'
import { type RuntimeAnswer, runtimeTexts } from '../../src/state/answers/runtime.js'

const run = 'node --version'
const of = (name: string, says: string, ok = true) => ({ name, runtime: [{ run, ok, says }] })
const failing = (name: string, says = 'exit code 127: sh: node: not found') => of(name, says, false)

const cases: readonly (readonly [string, readonly { name: string; runtime?: readonly RuntimeAnswer[] }[], string[]])[] =
  [
    ['nothing of hosts that print the same', [of('a', 'v20'), of('b', 'v20')], []],
    ['nothing of one host', [of('a', 'v20')], []],
    ['nothing of hosts that were not asked', [of('a', 'v20'), { name: 'b' }], []],
    [
      'who prints what, most hosts first',
      [of('web-1', 'v18'), of('web-2', 'v20'), of('web-3', 'v20')],
      ['the hosts are not alike by node --version: web-2 and web-3: v20; web-1: v18'],
    ],
    [
      'where it fails and elsewhere not',
      [of('a', 'v20'), failing('b')],
      ['the hosts are not alike by node --version: a: v20; b: it fails with exit code 127: sh: node: not found'],
    ],
    [
      'that it fails on all hosts',
      [failing('a'), failing('b'), failing('c')],
      ['node --version fails on all 3 hosts: exit code 127: sh: node: not found'],
    ],
    [
      'that it fails in several ways',
      [failing('a'), failing('b', 'exit code 1')],
      ['node --version fails on both hosts: a: exit code 127: sh: node: not found; b: exit code 1'],
    ],
    [
      'that it fails on the only host',
      [failing('a', 'exit code 1')],
      ['node --version fails on the host: exit code 1'],
    ],
  ]

it.each(cases)('says %s', (_, hosts, texts) => expect(runtimeTexts(hosts)).toEqual(texts))

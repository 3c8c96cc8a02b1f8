import { utils } from 'ssh2'
import { expect, it } from 'vitest'
import { newKey } from '../../src/connection/ssh2/key-types.js'

it('every new key can be read again, which one in 256 of ssh2 cannot', async () => {
  const keys = await Promise.all(Array.from({ length: 2000 }, newKey))
  expect(keys.filter(({ text }) => utils.parseKey(text) instanceof Error)).toEqual([])
  expect(new Set(keys.map(({ publicLine }) => publicLine)).size).toBe(2000)
})

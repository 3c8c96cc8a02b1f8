import { expect, it } from 'vitest'
import { newKey } from '../../src/embedded/keys.js'
import { loadSsh2 } from '../../src/embedded/ssh2.js'

it('every new key can be read again, which one in 256 of ssh2 cannot', async () => {
  const { utils } = await loadSsh2()
  const keys = Array.from({ length: 2000 }, () => newKey(utils))
  expect(keys.filter(key => utils.parseKey(key) instanceof Error)).toEqual([])
})

import { expect, it } from 'vitest'
import { within } from '../src/time-limit.js'

it('work that never ends is given up, and what comes in time is taken', async () => {
  await expect(within(20, new Promise(() => {}))).rejects.toThrow('no answer in 20 ms')
  expect(await within(1000, Promise.resolve('answer'))).toBe('answer')
})

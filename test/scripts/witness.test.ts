import { describe, expect, it } from 'vitest'
import { sees, witness } from '../../src/scripts/read/facts.js'
import { run, shells, start } from '../support/scripts.js'

describe.each(shells)('a witness under $name', shell => {
  it('is seen by whoever is on its machine and knows its name, for as long as it is there', async () => {
    const waiting = start(witness('clonedeploy-1'), shell)
    const pid = Number(await waiting.line())
    const seenAs = async (mark: string) => (await run(sees(mark, pid), shell)).code === 0
    expect([await seenAs('clonedeploy-1'), await seenAs('clonedeploy-2')]).toEqual([true, false])
    waiting.send('')
    expect(await waiting.result).toMatchObject({ code: 0, stderr: '' })
    expect(await seenAs('clonedeploy-1')).toBe(false)
  })
})

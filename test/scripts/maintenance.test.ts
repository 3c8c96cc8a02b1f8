import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseInspect } from '../../src/fleet/read/parse-inspect.js'
import { inspect } from '../../src/scripts/read/inspect.js'
import { flagMaintenance, recordDrains } from '../../src/scripts/transaction/balancer-notes.js'
import { lock, unlock } from '../../src/scripts/transaction/lock.js'
import { folder, place, run, shells } from '../support/scripts.js'

describe.each(shells)('by $name', shell => {
  it('maintenance is turned on and off under the lock, and what a run has drained is kept; inspect reads both', async () => {
    const root = folder()
    const at = place(root)
    const record = JSON.stringify({ by: 'anna', reason: `it's "down"`, out: ['HAProxy lb web h1'] })
    expect((await run(flagMaintenance(at, record), shell)).code).not.toBe(0)
    await run(lock(at, '{}', { unresolved: 'refuse' }), shell)
    const read = async () => parseInspect('h1', Buffer.from((await run(inspect(root, []), shell)).stdout, 'latin1'))
    expect(await read()).toMatchObject({ maintenance: null, drained: null })
    expect(await run(flagMaintenance(at, record), shell)).toMatchObject({ code: 0, stdout: 'on\n' })
    expect(await run(flagMaintenance(at, record), shell)).toMatchObject({ code: 0, stdout: 'on\n' })
    expect(statSync(join(root, 'shared/maintenance')).mode & 0o777).toBe(0o644)
    const drained = JSON.stringify({ seq: 2, tx: 't1', by: 'anna', at: '2026', out: [] })
    expect((await run(recordDrains(at, drained), shell)).code).toBe(0)
    expect(await read()).toMatchObject({ maintenance: JSON.parse(record), drained: JSON.parse(drained) })
    expect(await run(flagMaintenance(at, null), shell)).toMatchObject({ code: 0, stdout: 'off\n' })
    expect(await run(flagMaintenance(at, null), shell)).toMatchObject({ code: 0, stdout: 'off\n' })
    expect((await read())?.maintenance).toBeNull()
    await run(unlock(at), shell)
    expect((await run(flagMaintenance(at, record), shell)).code).not.toBe(0)
    expect((await run(recordDrains(at, 'other'), shell)).code).not.toBe(0)
    expect(existsSync(join(root, 'shared/maintenance'))).toBe(false)
    expect(readFileSync(join(root, '.clonedeploy/drained'), 'utf8')).toBe(`${drained}\n`)
  })

  it('a flag that somebody made by hand is seen, and a folder of that name is left alone', async () => {
    const root = folder()
    const at = place(root)
    mkdirSync(join(root, 'shared/maintenance'), { recursive: true })
    await run(lock(at, '{}', { unresolved: 'refuse' }), shell)
    expect((await run(flagMaintenance(at, '{}'), shell)).code).toBe(88)
    expect((await run(flagMaintenance(at, null), shell)).code).toBe(88)
    const state = parseInspect('h1', Buffer.from((await run(inspect(root, []), shell)).stdout, 'latin1'))
    expect(state?.maintenance).toEqual({ out: [] })
  })
})

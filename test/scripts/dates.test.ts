import { statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readDates, setDates } from '../../src/scripts/read/file-times.js'
import { writeFiles } from '../support/files.js'
import { everyShell, place, run } from '../support/scripts.js'
import { locked, newId, newTarget } from './staged.js'

describe.each(everyShell)('the times of files under $name', shell => {
  const times = { 'a b': 1_600_000_000, "it's": 1_600_000_000, '-': 0, 'in/é\n': 1_700_000_001 }
  const latin1 = (name: string) => Buffer.from(name).toString('latin1')

  it('are set as they are on the other hosts, whatever the names', async () => {
    const names = Object.keys(times).map(latin1)
    const root = await locked(shell, {
      files: Object.fromEntries(names.map(name => [`${newTarget}/${name}`, ''])),
    })
    const dates = new Map<number, readonly string[]>([
      [1_600_000_000, ['a b', "it's"]],
      [0, ['./-']],
      [1_700_000_001, [latin1('in/é\n')]],
    ])
    expect(await run(setDates(place(root), newId, dates), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    for (const [name, time] of Object.entries(times))
      expect(statSync(join(root, newTarget, name)).mtimeMs, name).toBe(time * 1000)
  })

  it('are read in the order of the manifest', async () => {
    const root = await locked(shell)
    const manifest = `# clonedeploy 1 036\nd in\nf 644 3 ${'0'.repeat(64)} file\n`
    writeFiles(root, { [`.clonedeploy/manifests/${newId}`]: manifest })
    const { code, stdout } = await run(readDates(root, newId), shell)
    const time = Math.floor(statSync(join(root, newTarget, 'file')).mtimeMs / 1000)
    expect([code, String(gunzipSync(Buffer.from(stdout, 'latin1')))]).toEqual([0, `${time}\n`])
  })
})

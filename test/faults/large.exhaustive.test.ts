import { execFileSync } from 'node:child_process'
import { mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

const folders = 500
const filesInEach = 200
/** More than fits into one string of Node's. */
const bytes = 1_200_000_000

describe.skipIf(!sshdIsHere())('a release', () => {
  const here = onFleet({ hosts: 1 })

  it('of many files, half of them empty, and a large one arrives whole, in memory that is smaller than that one', async () => {
    const { project } = here
    for (let d = 0; d < folders; d++) {
      mkdirSync(join(project.root, `app/d${d}`))
      for (let f = 0; f < filesInEach; f++)
        writeFileSync(join(project.root, `app/d${d}/f${f}`), f % 2 ? '' : `${d} ${f}`)
    }
    writeFileSync(join(project.root, 'app/large'), 'begins')
    truncateSync(join(project.root, 'app/large'), bytes)
    const memory = join(project.root, 'memory')
    const preload = join(import.meta.dirname, '../support/memory.mjs')
    const env = { NODE_OPTIONS: `--import=${preload}`, CLONEDEPLOY_MEMORY: memory }
    const { code, stderr } = await project.run('deploy', { env })
    expect(code, stderr).toBe(0)
    expect(Number(textOf(memory)) * 1024).toBeLessThan(bytes)
    const served = project.on(1, 'current/')
    const found = execFileSync('find', [served, '-type', 'f', '-path', '*/d*/f*'], {
      maxBuffer: 1 << 30,
      encoding: 'utf8',
    })
    expect(found.trimEnd().split('\n')).toHaveLength(folders * filesInEach)
    expect(statSync(join(served, 'large')).size).toBe(bytes)
    expect(statSync(join(served, 'd7/f1')).size).toBe(0)
  }, 600_000)
})

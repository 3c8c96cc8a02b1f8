import { readlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('a fleet of 24 hosts', () => {
  const here = onFleet({ hosts: 24 })
  const all = Array.from({ length: 24 }, (_, n) => n + 1)

  it('is deployed to, swapped together and read, with nothing on stderr but what we say', async () => {
    const { project } = here
    const release = await project.deployed('one')
    expect(all.map(i => readlinkSync(project.on(i, 'current')))).toEqual(all.map(() => `releases/${release}`))
    const status = await project.run('status')
    expect([status.code, status.stderr]).toEqual([0, ''])
    const { code, stderr } = await project.run('deploy --force')
    expect(code).toBe(0)
    expect(stderr).toContain('24/24 swapped in ')
    expect(stderr).not.toContain('(node:')
  })
})

import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { hostile } from './hostile.js'
import { onFleet } from './on-fleet.js'
import { sshdIsHere } from './sshd.js'

describe.skipIf(!sshdIsHere())('a hostile host', () => {
  const hosts = hostile(1)
  const here = onFleet(hosts.options)
  beforeEach(() => hosts.honest())
  afterAll(() => hosts.remove())
  const tools = async () => (await here.project.run('status --json')).json().hosts[0]

  it('does what it is asked for, says what a test wants in place of a line, or runs something else', async () => {
    const release = await here.project.deployed('one')
    expect(await tools()).toMatchObject({ current: release, reachable: true })
    hosts.edits(1, 's/^current .*/current absent/')
    expect(await tools()).toMatchObject({ current: null, reachable: true })
    hosts.runs(1, 'echo no; exit 3')
    expect(await tools()).toMatchObject({ reachable: false })
    hosts.honest()
    expect(await tools()).toMatchObject({ current: release, reachable: true })
  })
})

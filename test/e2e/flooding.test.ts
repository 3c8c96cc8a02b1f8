import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { hostile } from '../support/hostile.js'
import { onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('a host that answers without end', () => {
  const hosts = hostile(2)
  const here = onFleet(hosts.options)
  beforeEach(() => hosts.honest())
  afterAll(() => hosts.remove())

  it('when it should say that it is armed, ends the deploy before anything is swapped', async () => {
    hosts.edits(2, "/^armed$/e yes | tr -d '\\\\n'")
    const { code, json } = await here.project.run('deploy --json')
    expect([code, json().result]).toEqual([3, 'aborted'])
    expect(json().hosts[1].error.message).toBe(
      'the host did not get ready to swap: h2 answered with more than 64 kB: arm was given up',
    )
    expect([here.project.current(1), here.project.current(2)]).toEqual([null, null])
    expect((await here.project.run('status --json')).json().lock).toBeNull()
  })

  it('or with nothing but other words, is not taken for an empty one', async () => {
    hosts.edits(2, '/@:/!s/.*/all is well/')
    const status = await here.project.run('status --json')
    expect([status.code, status.json().hosts.map(({ reachable }: { reachable: boolean }) => reachable)]).toEqual([
      6,
      [true, false],
    ])
    const { code, stderr } = await here.project.run('deploy')
    expect(code).toBe(3)
    expect(stderr).toContain('its answer has no end: it said "all is well"')
  })
})

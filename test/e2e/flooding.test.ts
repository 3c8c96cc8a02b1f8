import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { hostile } from '../support/hostile.js'
import { isRenewed, lockLease } from '../support/lease.js'
import { onFleet } from '../support/on-fleet.js'
import { short } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'

const lines = 'yes'
const noLineEnd = "yes | tr -d '\\\\n'"

describe.skipIf(!sshdIsHere())('a host that answers without end', () => {
  const hosts = hostile(2)
  const here = onFleet(hosts.options)
  beforeEach(() => hosts.honest())
  afterAll(() => hosts.remove())

  it('when it should say that it is armed, ends the deploy before anything is swapped', async () => {
    hosts.edits(2, `/^armed$/e ${noLineEnd}`)
    const { code, json } = await here.project.run('deploy --json')
    expect([code, json().result]).toEqual([3, 'aborted'])
    expect(json().hosts[1].error.message).toBe(
      'the host did not get ready to swap: h2 answered with more than 64 kB: arm was given up',
    )
    expect([here.project.current(1), here.project.current(2)]).toEqual([null, null])
    expect((await here.project.run('status --json')).json().lock).toBeNull()
  })

  it.each([
    { hook: 'restart', what: 'no line end', flood: noLineEnd, code: 5 },
    ...exhaustive([
      { hook: 'restart', what: 'lines', flood: lines, code: 5 },
      { hook: 'prepare', what: 'lines', flood: lines, code: 3 },
      { hook: 'prepare', what: 'no line end', flood: noLineEnd, code: 3 },
    ]),
  ])('in a $hook hook with $what keeps no sign of life from the others', async ({ hook, flood, code }) => {
    const { project, fleet } = here
    const one = await project.deployed('one')
    project.configure({ [hook]: ['echo hooked'] })
    project.write({ 'app/version': 'two\n' })
    const sign = join(project.root, 'flooded')
    hosts.edits(2, `/^hooked$/e touch ${sign}; ${flood}`)
    const running = project.start('deploy', { times: short })
    await vi.waitFor(() => expect(existsSync(sign)).toBe(true), { timeout: 300_000, interval: 20 })
    await Promise.all(leases(project.on(1)).map(isRenewed))
    await Promise.all(leases(project.on(1)).map(isRenewed))
    hosts.honest()
    fleet.dropConnections(2)
    const ended = await running.ended
    expect(ended.code, ended.stderr).toBe(code)
    expect([project.current(1), project.current(2)]).toEqual([`releases/${one}`, `releases/${one}`])
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

/** That of the lock and, once the host could put itself back, that of its switch. */
function leases(root: string): readonly string[] {
  const journals = join(root, '.clonedeploy/tx')
  const open = readdirSync(journals).filter(tx => existsSync(join(journals, tx, 'undecided')))
  return [lockLease(root), ...open.map(tx => join(journals, tx, 'lease'))]
}

import { describe, expect, it } from 'vitest'
import { deploy, rollback, status } from '../../src/index.js'
import { all as hosts, onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('the library on hosts that run sshd', () => {
  const here = onFleet()

  it('deploys by the file of a project, goes back, and says what is true', async () => {
    const { project } = here
    const first = await project.deployed('one')
    project.write({ 'app/version': 'two\n' })
    const run = deploy({ cwd: project.root })
    const swapped: string[] = []
    for await (const event of run) if (event.type === 'host.swap') swapped.push(event.host)
    const { result, release, exitCode } = await run.outcome
    expect([result, exitCode]).toEqual(['deployed', 0])
    expect(swapped.sort()).toEqual(['h1', 'h2', 'h3'])
    for (const i of hosts) expect(project.current(i)).toBe(`releases/${release}`)
    const back = await rollback({ cwd: project.root, to: first, yes: true }).outcome
    expect([back.result, back.exitCode, back.release]).toEqual(['rolled-back', 0, first])
    for (const i of hosts) expect(project.current(i)).toBe(`releases/${first}`)
    expect(await status({ cwd: project.root }).outcome).toMatchObject({ result: 'consistent', target: first })
  })
})

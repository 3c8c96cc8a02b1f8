import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { writeFiles } from '../support/files.js'
import { both, onFleet } from '../support/on-fleet.js'
import type { Json } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { tried } from '../support/tier.js'

/** Steps of ours, and a program of each that hangs on the second host. */
const steps = [
  ['inspect', 'df', 'deploy', 'inspect on h2 made no progress for 3 s'],
  ['lock', 'mkdir', 'deploy', 'on h2 made no progress for 3 s'],
  ['push', 'tar', 'deploy', 'on h2 made no progress for 3 s'],
  ['verify', 'comm', 'rollback -y', 'h2 could not be read. Nothing was changed.'],
] as const

describe.skipIf(!sshdIsHere())('a host on which nothing goes on while its connection lives', () => {
  const bin = mkdtempSync(join(tmpdir(), 'clonedeploy-stalls-'))
  for (const [, name] of steps)
    writeFiles(bin, {
      [name]: {
        mode: 0o755,
        text: `#!/bin/sh\nwhile [ -e '${bin}/hang-${name}' ]; do sleep 0.1; done\nPATH=\${PATH#*:} exec ${name} "$@"\n`,
      },
    })
  const here = onFleet({
    hosts: both.length,
    environment: i => (i === 2 ? [`PATH=${bin}:${process.env.PATH}`] : []),
  })
  afterAll(() => rmSync(bin, { recursive: true }))

  it.each(
    tried(steps, ([step]) => step === 'push'),
  )('in %s is given up with 3, named, and the fleet deploys again', async (_, name, command, says) => {
    const { project, fleet } = here
    await project.deployed('one')
    const served = await project.deployed('two')
    project.write({ 'app/version': 'three\n' })
    project.configure({ ssh: { configFile: fleet.sshConfigFile, connectTimeout: '30s', stallTimeout: '3s' } })
    writeFiles(bin, { [`hang-${name}`]: '' })
    const { code, stderr } = await project.start(command).ended.finally(() => rmSync(join(bin, `hang-${name}`)))
    expect(code, stderr).toBe(3)
    expect(stderr).toContain(says)
    expect(both.map(project.current)).toEqual(both.map(() => `releases/${served}`))
    project.configure()
    const status = await project.run('status --json')
    expect(status.json().hosts.map(({ current }: Json) => current)).toEqual([served, served])
    await project.deployed('four')
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
  })
})

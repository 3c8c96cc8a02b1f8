import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { all, onFleet } from '../support/on-fleet.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('a restart that fails on the way back', () => {
  const here = onFleet()
  const restarts = () => all.map(i => textOf(join(here.project.root, `restarts.h${i}`)))
  const broken = '[ "$CLONEDEPLOY_HOST" = h2 ] && [ -e "$AT/broken" ] && grep -q one version'

  it('ends with 6 and says so of its host alone; status says it too, and repair restarts it again', async () => {
    const { project } = here
    project.configure({
      restart: `cat version >>"$AT/restarts.$CLONEDEPLOY_HOST"; ! { ${broken}; }`,
      health: { run: '[ "$CLONEDEPLOY_HOST" != h3 ] || ! grep -q two version', timeout: '1s' },
      env: { AT: project.root },
    })
    const one = await project.deployed('one')
    project.write({ broken: '', 'app/version': 'two\n' })
    const failed = await project.run('deploy --json')
    expect(failed.code).toBe(6)
    expect(failed.json()).toMatchObject({ result: 'mixed', exitCode: 6 })
    expect(failed.json().hosts.map(({ current }: Json) => current)).toEqual([one, one, one])
    expect(failed.stderr).toMatch(new RegExp(`h1 +${one} +ok`))
    expect(failed.stderr).toMatch(
      new RegExp(`h2 +${one} +files old, service state unknown: .* failed with exit code 1`),
    )
    expect(failed.stderr).toMatch(new RegExp(`h3 +${one} +back, after health failed: `))
    expect(all.map(project.current)).toEqual(all.map(() => `releases/${one}`))

    const status = await project.run('status --json')
    expect(status.code).toBe(6)
    expect(status.json().hosts.map(({ verdict }: Json) => verdict)).toEqual([
      'consistent',
      'service unknown',
      'consistent',
    ])
    expect((await project.run('repair')).code).toBe(6)
    expect((await project.run('status')).code).toBe(6)
    rmSync(join(project.root, 'broken'))
    const before = restarts()
    const repaired = await project.run('repair --json')
    expect(repaired.code).toBe(0)
    expect(repaired.json()).toMatchObject({ result: 'put-back', release: one })
    expect(restarts()).toEqual(before.map((text, i) => (i === 1 ? `${text}one\n` : text)))
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
  })
})

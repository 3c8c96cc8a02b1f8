import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { both, onFleet } from '../support/on-fleet.js'
import { withEnvironment } from '../support/processes.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('a restart that a dead run began', () => {
  const here = onFleet({ hosts: both.length })
  const restart =
    'v=$(cat version); [ "$v" = three ] || while [ -e "$AT/slow" ]; do : >"$AT/held.$v.$CLONEDEPLOY_HOST"; sleep 0.1; done; echo "$v" >>"$AT/restarts.$CLONEDEPLOY_HOST"'
  const held = (version: string) =>
    vi.waitFor(
      () => expect(both.filter(i => !existsSync(join(here.project.root, `held.${version}.h${i}`)))).toEqual([]),
      { timeout: 300_000, interval: 20 },
    )

  it('goes on neither after its host went back by itself, nor after the next deploy', async () => {
    const { project } = here
    const at = `AT=${project.root}`
    project.configure({ restart, env: { AT: project.root } })
    await project.deployed('one')
    project.write({ slow: '', 'app/version': 'two\n' })
    const running = project.start('deploy', { times: { lease: 3, deadline: 20 } })
    await held('two')
    running.child.kill('SIGKILL')
    await held('one')
    await project.deployed('three')
    rmSync(join(project.root, 'slow'))
    await vi.waitFor(() => expect(withEnvironment(at)).toEqual([]), { timeout: 300_000, interval: 50 })
    expect(both.map(i => textOf(join(project.root, `restarts.h${i}`)))).toEqual(both.map(() => 'one\nthree\n'))
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
  })
})

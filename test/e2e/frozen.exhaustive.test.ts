import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { all, onFleet } from '../support/on-fleet.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('a host that freezes', () => {
  const here = onFleet()
  const restart = 'cat version >>"$AT/restarts.$CLONEDEPLOY_HOST"'

  it('after the swap: the others go back, it is named with 6, and it puts itself back when it thaws', async () => {
    const { project, fleet } = here
    project.configure({ restart, env: { AT: project.root } })
    const one = await project.deployed('one')
    const hold = ': >"$AT/held.$CLONEDEPLOY_HOST"; until [ -e "$AT/go" ]; do sleep 0.1; done'
    project.configure({
      restart: [restart, { run: `grep -q one version || { ${hold}; }`, timeout: '2s' }],
      env: { AT: project.root },
    })
    project.write({ 'app/version': 'two\n' })
    const running = project.start('deploy --json')
    await vi.waitFor(() => expect(all.filter(i => !existsSync(join(project.root, `held.h${i}`)))).toEqual([]), {
      timeout: 300_000,
      interval: 20,
    })
    fleet.freeze(3)
    try {
      const { code, json } = await running.ended
      expect(code).toBe(6)
      expect(json().hosts.map(({ current }: Json) => current)).toEqual([one, one, null])
      expect(json().hosts[2].error).not.toBeNull()
    } finally {
      fleet.thaw(3)
    }
    await vi.waitFor(() => expect(project.current(3)).toBe(`releases/${one}`), { timeout: 300_000, interval: 100 })
    await vi.waitFor(() => expect(textOf(join(project.root, 'restarts.h3'))).toBe('one\ntwo\none\n'), {
      timeout: 300_000,
      interval: 50,
    })
    expect(all.map(project.current)).toEqual(all.map(() => `releases/${one}`))
    expect((await project.run('status --json')).json().hosts.map(({ flag }: Json) => flag)).toEqual([null, null, null])
  })
})

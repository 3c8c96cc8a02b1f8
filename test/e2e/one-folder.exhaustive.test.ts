import { describe, expect, it } from 'vitest'
import { writeFiles } from '../support/files.js'
import { both, onFleet } from '../support/on-fleet.js'
import { folder } from '../support/scripts.js'
import { sshdIsHere } from '../support/sshd.js'

const blind = folder()
const isBlind = `#!/bin/sh\ncase "$*" in */proc/*) exit 1 ;; esac\nPATH=\${PATH#*:} exec grep "$@"\n`
writeFiles(blind, { grep: { text: isBlind, mode: 0o755 } })

/** As two machines that share a file system: none sees what runs on the other. */
describe.skipIf(!sshdIsHere())('a folder that two hosts share, which cannot see each other', () => {
  const here = onFleet({ hosts: both.length, environment: () => [`PATH=${blind}:${process.env.PATH}`] })

  it('is found when both take its lock: the deploy is refused, and nothing of it stays', async () => {
    const { project } = here
    project.configure({}, () => ({ deployTo: project.on(1) }))
    expect(await project.run('check')).toMatchObject({ code: 0 })
    const { code, stderr } = await project.run('deploy --json')
    expect(code).toBe(3)
    expect(stderr).toMatch(/h([12]) +lock: \S+ is also the folder of h(?!\1)[12]: a machine that has two names/)
    expect([project.current(1), project.releases(1)]).toEqual([null, []])
    project.configure({ hosts: [{ name: 'h1', deployTo: project.on(1) }] })
    expect(await project.run('deploy')).toMatchObject({ code: 0 })
  })
})

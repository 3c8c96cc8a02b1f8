import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

const isRoot = process.getuid?.() === 0
if (!isRoot) process.stderr.write('SKIPPED: a host with little memory, because only root can make one\n')

/** One process in each release that is warm; it ends with its host. */
const restart = {
  warm: 'echo "$CLONEDEPLOY_HOST" >>"$AT/warmed"; setsid sleep 900 </dev/null >/dev/null 2>&1 & echo $! >$AT/$CLONEDEPLOY_HOST.$CLONEDEPLOY_RELEASE',
  ready: 'kill -0 "$(cat $AT/$CLONEDEPLOY_HOST.$CLONEDEPLOY_RELEASE)"',
  switch: ':',
  cool: 'for f in $AT/$CLONEDEPLOY_HOST.*; do [ "$f" = $AT/$CLONEDEPLOY_HOST.$CLONEDEPLOY_RELEASE ] || { kill "$(cat $f)"; rm $f; }; done',
}

describe.skipIf(!sshdIsHere() || !isRoot)('a host whose memory is not enough for two releases', () => {
  const memory = (folder: string, kb: number) =>
    writeFileSync(join(folder, 'meminfo'), `MemTotal: 9000000 kB\nMemAvailable: ${kb} kB\nSwapFree: 0 kB\n`)
  const here = onFleet({
    hosts: 2,
    world: (_, { folder }) => {
      memory(folder, 1_000_000)
      return [`mount --bind '${folder}/meminfo' /proc/meminfo`]
    },
  })
  const configure = (config: object) => here.project.configure({ restart, env: { AT: here.project.root }, ...config })
  const short =
    /its memory is not enough for two releases at a time: the processes of the served one take [\d.]+ [kM]B, and 4.1 kB are free/

  it('gets no other one, and nothing is sent; a warning is enough where that is asked for, and for a rollback', async () => {
    const { project, fleet } = here
    configure({})
    const first = await project.deployed('one')
    const warmed = textOf(join(project.root, 'warmed'))
    memory(fleet.folder(2), 4)
    project.write({ 'app/version': 'two\n' })
    for (const command of ['deploy', 'deploy --dry-run', 'check']) {
      const { code, stdout, stderr } = await project.run(command)
      expect([code, command]).toEqual([3, command])
      expect(stdout + stderr).toMatch(short)
      expect(stdout + stderr).toContain("fix: make room in the memory of h2, or let it be a warning by memory: 'warn'")
    }
    expect(textOf(join(project.root, 'warmed'))).toBe(warmed)
    expect(project.releases(2)).toEqual([first])

    const balancer = { haproxy: { host: 'h1', socket: '/nowhere', backend: 'web' } }
    configure({ restart: { ports: [3001, 3002], start: ':', stop: ':' }, balancer })
    expect((await project.run('check')).stdout, 'by ports').toMatch(short)

    configure({ memory: 'warn' })
    const { code, stderr, json } = await project.run('deploy --json')
    expect([code, stderr]).toEqual([0, expect.stringMatching(short)])
    expect(json().warnings).toEqual([expect.stringMatching(short)])
    configure({})
    const back = await project.run('rollback --yes --json')
    expect([back.code, back.stderr]).toEqual([0, expect.stringMatching(short)])
    expect(project.current(2)).toBe(`releases/${first}`)
  })
})

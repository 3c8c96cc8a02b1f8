import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { zipFor } from '../../src/artifact/payload/zip.js'
import { createProgram } from '../../src/cli/program.js'
import { installed } from '../support/installed.js'
import { onFleet } from '../support/on-fleet.js'
import { type Ended, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

// Other tests call the program inside their own process. Here it starts as it does for users: this is what is tried on every
// version of Node.
describe.skipIf(!sshdIsHere())('each command, as users start it', () => {
  const here = onFleet({ hosts: 2 })

  it('does its work', async () => {
    const { project } = here
    const zip = zipFor([])
    if (zip === 'zstd') installed('zstd')
    const tried = new Set<string>()
    const run = async (args: string, code = 0): Promise<Ended> => {
      tried.add(args.split(' ')[0] as string)
      const ended = await project.start(args).ended
      if (ended.code !== code) throw new Error(`${args} ended with ${ended.code}:\n${ended.stdout}${ended.stderr}`)
      return ended
    }
    const served = () => [1, 2].map(i => textOf(project.on(i, 'current/version')).trim())

    project.configure({ logs: { file: 'current/app.log' }, restart: 'true', audit: { ignore: ['/tmp', '/var/lib'] } })
    project.write({ 'app/app.log': 'served\n', 'app/large': 'large '.repeat(1e6) })
    expect((await run('config --json')).json()).toMatchObject({ app: 'shop' })
    expect((await run('check --json')).json().problems).toEqual([])
    const { release: one } = (await run('deploy --json')).json()
    expect(textOf(join(project.root, `.clonedeploy/logs/${one}.log`))).toContain(`'${zip}' -dc | tar`)
    project.write({ 'app/version': 'two\n' })
    expect((await run('deploy --dry-run --detailed-exitcode', 10)).stdout).toContain('rename current')
    await run('deploy')
    expect(served()).toEqual(['two', 'two'])
    await run('rollback --yes')
    expect(served()).toEqual(['one', 'one'])
    expect((await run('status --json')).json()).toMatchObject({ result: 'consistent', target: one })
    expect((await run('releases')).stdout).toContain(one)
    expect((await run('audit --json')).json()).toMatchObject({ result: 'clean', found: [] })
    expect((await run('run --only h2 -- cat current/version')).stdout).toBe('h2 | one\n')
    expect((await run('logs -n 1')).stdout).toBe('h1 | served\nh2 | served\n')
    await run('restart')
    await run('report --html page.html')
    expect(textOf(join(project.root, 'page.html'))).toContain('<!doctype html>')
    await run('maintenance on')
    await run('maintenance off')
    await run('lock')
    await run('deploy', 4)
    const lock = (await run('status --json')).json()
    await run(`unlock --tx ${lock.lock?.tx}`)
    await run('repair')
    rmSync(project.on(2), { recursive: true })
    await run('join --host h2')
    expect(served()).toEqual(['one', 'one'])
    await run('prune --keep 1')
    expect(project.releases(1)).toContain(one)
    await run('trust h1')
    const stage = (i: number) => ({ hosts: [{ name: `h${i}`, deployTo: project.on(i, 'of-a-stage') }] })
    project.configure({ stages: { staging: stage(1), production: stage(2) } })
    await run('deploy staging')
    await run('promote production --from staging')
    expect(textOf(project.on(2, 'of-a-stage/current/version'))).toBe('two\n')
    project.configure()
    expect((await run('boot-resolver')).stdout).toMatch(/^#!\/bin\/sh\n/)
    project.configure({ hosts: [{ name: 'h1', deployTo: '/srv/shop' }], store: { dir: 'kept' } })
    await run('image --out image')
    expect(textOf(join(project.root, 'image/boot.sh'))).toMatch(/^#!\/bin\/sh\n/)
    expect((await run('completion bash')).stdout).toContain('clonedeploy')
    expect((await run('help')).stdout).toContain('Usage: clonedeploy')
    rmSync(join(project.root, 'deploy.config.json'))
    await run('init --yes --no-check --app shop --host h1 --path /srv/shop')
    expect(textOf(join(project.root, 'deploy.config.ts'))).toContain('/srv/shop')
    const all = createProgram('0', () => {}).commands.map(command => command.name())
    // The demo is in embedded/demo.test.ts: it takes no fleet.
    expect([...tried, 'demo'].sort()).toEqual([...all].sort())
  })
})

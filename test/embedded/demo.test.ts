import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { demo, type RunCli } from '../../src/commands/demo.js'
import { askApps } from '../../src/embedded/apps.js'
import { type EmbeddedFleet, startEmbeddedHosts } from '../../src/embedded/hosts.js'
import { stopEmbeddedApps } from '../../src/embedded/stop-apps.js'
import { exhaustively } from '../support/exhaustively.js'

const kept: string[] = []
afterEach(async () => {
  for (const folder of kept.splice(0)) {
    await stopEmbeddedApps(join(folder, '.clonedeploy/fleet'))
    rmSync(folder, { recursive: true, force: true })
  }
})

describe('the demo', () => {
  it('tells what it saw on the hosts, cleans up and ends with 0 when every step ended as told', async () => {
    const { exitCode, text, folder } = await play(deployer({ goesBack: true }))
    expect(exitCode).toBe(0)
    expect(
      text.replaceAll(folder, 'FOLDER'),
    ).toBe(`The demo: a small web app on three SSH hosts inside this process, in FOLDER

Version 1 goes to web-1, web-2 and web-3.
$ clonedeploy deploy

Asked over HTTP:
  HOST   HTTP  SAYS                  RELEASE
  web-1  200   Hello from version 1  r1
  web-2  200   Hello from version 1  r1
  web-3  200   Hello from version 1  r1
✔ All three hosts serve version 1.

The message is changed: version 2 takes its place on all three together.
$ clonedeploy deploy

Asked over HTTP:
  HOST   HTTP  SAYS                  RELEASE
  web-1  200   Hello from version 2  r2
  web-2  200   Hello from version 2  r2
  web-3  200   Hello from version 2  r2
✔ All three hosts serve version 2.

Version 3 needs a setting, CONTACT. web-1 and web-2 have it; on web-3 somebody forgot it.
$ clonedeploy deploy

Asked over HTTP:
  HOST   HTTP  SAYS                  RELEASE
  web-1  200   Hello from version 2  r2
  web-2  200   Hello from version 2  r2
  web-3  200   Hello from version 2  r2
✔ The deploy failed (exit code 5) and left no host on version 3: all three serve version 2 as before.

$ clonedeploy status

The apps are stopped and the folder is removed.

Next, in a project of yours:
  clonedeploy init                    asks, and writes deploy.config.ts
  clonedeploy deploy --dry-run        shows what would happen
  clonedeploy deploy                  does it
`)
    expect(existsSync(folder)).toBe(false)
  })

  exhaustively('says so and ends with 1 when the hosts did not go back, whatever the deploy says', async () => {
    const { exitCode, text } = await play(deployer({ goesBack: false }))
    expect(exitCode).toBe(1)
    expect(text).toContain(`
  HOST   HTTP  SAYS                                                         RELEASE
  web-1  200   Questions about version 3? Write to ann@example.com          r3
  web-2  200   Questions about version 3? Write to ann@example.com          r3
  web-3  500   message.txt needs CONTACT; config/app.env on web-3 lacks it  -
`)
    expect(text).toContain(`
✖ web-1: expected 200 and "Hello from version 2"

✖ web-2: expected 200 and "Hello from version 2"

✖ web-3: expected 200 and "Hello from version 2"

✖ web-3 does not say which release it serves

✖ the release is not the one before
`)
    expect(text).toContain('The demo did not go as it should')
  })

  it.each([
    ['did nothing', async () => 0, '✖ expected three hosts, found 0'],
    [
      'started hosts but no app',
      async (_: readonly string[], cwd: string) => {
        await (await startEmbeddedHosts({ count: 3, dir: join(cwd, '.clonedeploy/fleet') })).close()
        return 0
      },
      '  web-2  -     no answer: ECONNREFUSED  -\n',
    ],
    ['failed', async () => 3, '✖ clonedeploy deploy: expected exit code 0, got 3'],
  ])('ends with 1 at the first step when the deploy %s', async (_, run, sentence) => {
    const { exitCode, text, folder } = await play(run)
    expect(exitCode).toBe(1)
    expect(text).toContain(sentence)
    expect(text).not.toContain('Hello from version 2')
    expect(text).not.toContain('✔')
    expect(existsSync(folder)).toBe(false)
  })

  it('cleans up after Ctrl-C and ends with 130', async () => {
    const deploy = deployer({ goesBack: true })
    const { exitCode, text, folder } = await play(async (args, cwd) => {
      const code = await deploy(args, cwd)
      process.emit('SIGINT')
      return code
    })
    expect(exitCode).toBe(130)
    expect(text).toContain('The apps are stopped and the folder is removed.')
    expect(text).not.toContain('✔')
    expect(existsSync(folder)).toBe(false)
  })

  exhaustively('leaves everything up with `keep`, and says how to end it', async () => {
    const { text, folder } = await play(deployer({ goesBack: true }), true)
    kept.push(folder)
    const fleet = join(folder, '.clonedeploy/fleet')
    const answers = await askApps(fleet)
    expect(answers.map(({ says }) => says)).toEqual(Array(3).fill('Hello from version 2'))
    expect(text).toContain(`  http://127.0.0.1:${answers[0]?.port}/`)
    expect(text).toContain('  sh .clonedeploy/fleet/stop ')
    expect(spawnSync('sh', ['.clonedeploy/fleet/stop'], { cwd: folder }).status).toBe(0)
    expect((await askApps(fleet)).map(({ status }) => status)).toEqual([null, null, null])
  })
})

async function play(run: RunCli, keep = false): Promise<{ exitCode: number; text: string; folder: string }> {
  let text = ''
  const exitCode = await demo({
    keep,
    run,
    write: said => {
      text += said
    },
  })
  return { exitCode, text, folder: /, in (.*)\n/.exec(text)?.[1] ?? 'no folder' }
}

/** The least that deploys: over real ssh, by the demo's own configuration; all hosts go back when one is not healthy. */
function deployer({ goesBack }: { goesBack: boolean }): RunCli {
  let count = 0
  return async ([command], cwd) => {
    if (command === 'status') return 0
    const { deployTo, restart } = JSON.parse(readFileSync(join(cwd, 'deploy.config.json'), 'utf8'))
    const release = `r${++count}`
    const fleet = await startEmbeddedHosts({ count: 3, dir: join(cwd, '.clonedeploy/fleet') })
    const swap = (id: string) =>
      everywhere(fleet, `cd ${deployTo} && ln -sfn releases/${id} current && cd releases/${id} && ${restart}`)
    try {
      const place = `mkdir -p ${deployTo}/shared/config ${deployTo}/releases/${release} && cd ${deployTo}/releases/${release}`
      const tar = spawnSync('tar', ['-c', ...readdirSync(join(cwd, 'hello'))], { cwd: join(cwd, 'hello') }).stdout
      await everywhere(fleet, `${place} && tar -x && ln -s ../../shared/config config`, tar)
      await swap(release)
      if ((await askApps(join(cwd, '.clonedeploy/fleet'))).every(app => app.release === release)) return 0
      if (goesBack) await swap(`r${count - 1}`)
      return 5
    } finally {
      await fleet.close()
    }
  }
}

async function everywhere(fleet: EmbeddedFleet, command: string, input = Buffer.alloc(0)): Promise<void> {
  for (const { name } of fleet.hosts) {
    const child = spawn('ssh', ['-F', fleet.configFile, name, command], { stdio: ['pipe', 'inherit', 'inherit'] })
    child.stdin.end(input)
    const code = await new Promise(resolve => child.once('close', resolve))
    if (code !== 0) throw new Error(`${name}: ${command}: exit code ${code}`)
  }
}

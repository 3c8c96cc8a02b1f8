import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { both, onFleet } from '../support/on-fleet.js'
import { canHaveNetwork, withOwnNetwork } from '../support/own-network.js'
import { freePort } from '../support/ports.js'
import { sshdIsHere } from '../support/sshd.js'
import { tried } from '../support/tier.js'

const transports = tried(['builtin', 'openssh'] as const, name => name === 'builtin')
const app = `require('node:http').createServer((_, answer) => answer.writeHead(Number(process.argv[1])).end()).listen(process.env.PORT, '127.0.0.1')`
const restart = [
  'kill "$(cat ../pid 2>/dev/null)" 2>/dev/null',
  'status=$(cat version); cd /',
  `setsid ${process.execPath} -e "$APP" "$status" </dev/null >/dev/null 2>&1 & echo $! >"$CLONEDEPLOY_RELEASE_PATH/../pid"`,
].join('\n')

describe.skipIf(!sshdIsHere() || !canHaveNetwork())('an app on a host whose loopback is not this machine’s', () => {
  const here = onFleet({ hosts: both.length, sshConfig: ({ dir }) => withOwnNetwork(dir, ['h1', 'h2']) })

  it.each(
    transports,
  )('is asked for its health there, and not what listens on this machine, over %s', async transport => {
    const { project, fleet } = here
    const asked: string[] = []
    const decoy = createServer((request, answer) => {
      asked.push(request.url ?? '')
      answer.end()
    })
    const port = await freePort()
    await new Promise<void>(resolve => decoy.listen(port, '127.0.0.1', resolve))
    const configure = (timeout: string) =>
      project.configure({
        ssh: { configFile: fleet.sshConfigFile, transport },
        env: { PORT: port, APP: app },
        restart,
        health: { url: `http://127.0.0.1:${port}/healthz`, timeout },
      })
    configure('60s')
    const good = await project.deployed('200')
    expect(both.map(project.current)).toEqual(both.map(() => `releases/${good}`))
    configure('1s')
    project.write({ 'app/version': '500\n' })
    const bad = await project.run('deploy')
    expect(bad.code).toBe(5)
    expect(both.map(project.current)).toEqual(both.map(() => `releases/${good}`))
    expect(asked).toEqual([])
    decoy.close()
  })
})

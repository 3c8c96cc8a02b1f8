import { expect, it } from 'vitest'
import { jsonProject } from '../config/project.js'
import { runHere } from '../support/here.js'

const hosts = ['web-1', 'web-2']

async function refusal(line: string, stages?: object): Promise<string> {
  const cwd = await jsonProject({ app: 'shop', deployTo: '/srv/shop', hosts, ...(stages && { stages }) })
  const { code, stderr } = await runHere(line.split(' '), { cwd, env: {} })
  expect(code).toBe(2)
  return stderr
}

it.each([
  'status',
  'releases',
  'check',
  'restart',
  'prune',
  'logs',
  'join',
])('%s takes hosts after the stage, and names the one that is none', async command => {
  const stderr = await refusal(`${command} blue web-1,web-9 web-2`, { blue: {}, green: {} })
  expect(stderr).toBe(
    '✖ There is no such host.\n\n  "web-9" is not in the inventory; did you mean "web-1"?\n  hosts: web-1, web-2\n',
  )
})

it('a word that is neither a stage nor one of several stages’ hosts is told by its name', async () => {
  expect(await refusal('status bleu', { blue: {}, green: {} })).toContain(
    '✖ Which stage?\n\n  "bleu" is no stage; did you mean "blue"?\n  deploy.config.json has blue, green\n',
  )
})

it('a stage that stands among the hosts is in the commands that are proposed', async () => {
  const away = hosts.map((name, i) => ({ name, host: '127.0.0.1', port: i + 1 }))
  const config = { app: 'shop', deployTo: '/srv/shop', hosts: away, stages: { blue: {}, green: {} } }
  const { code, stderr } = await runHere(['join', 'web-1', 'blue'], { cwd: await jsonProject(config), env: {} })
  expect([code, stderr]).toEqual([6, expect.stringContaining('look: clonedeploy status blue\n')])
})

import { randomBytes } from 'node:crypto'
import { account, together } from './account.js'
import { startClients } from './clients.js'
import { compare } from './compare.js'
import { moveToPorts } from './ports.js'
import { printer } from './printer.js'
import { makeProject } from './project.js'

/** Deploys, fails to deploy and rolls back under load. Gives the exit code: 0 when no user saw an error. */
export async function tellStory({ dir, machines, endings, nextStep, json, comparing, deploys, ports }) {
  const print = printer(json)
  const url = await machines.start(settings())
  const project = makeProject(dir, machines)
  endings.push(() => project.stop())
  print.up({ url, dir })

  project.write('Hello from version 1')
  let serving = (await expectCode(0, project.run(['deploy']))).release
  await untilAllAreUp(url, machines.hosts.length)
  const clients = startClients(url)
  endings.push(() => clients.end())
  await clients.answered(5)
  const { failed, sessionsLost } = account(clients.taken(), serving, serving)
  if (failed + sessionsLost > 0) throw new Error('users could not log in')
  print.first({ release: serving, users: clients.count })

  const accounts = []
  const step = async (name, code, message, words) => {
    await nextStep()
    if (message !== null) project.write(message)
    clients.taken()
    await clients.answered(2)
    const run = await expectCode(code, project.run(words))
    await clients.answered(2)
    const after = code === 0 ? run.release : serving
    const result = { step: name, from: serving, to: after, ...account(clients.taken(), serving, after) }
    serving = after
    accounts.push(result)
    print.step(result, run)
  }
  const prepare = async message => {
    project.write(message)
    serving = (await expectCode(0, project.run(['deploy']))).release
  }
  if (ports) await moveToPorts({ dir, project, machines, prepare })
  print.head()
  if (deploys > 0) {
    for (let n = 1; n <= deploys; n += 1)
      await step(`deploy ${n} of ${deploys}`, 0, `Hello from deploy ${n}`, ['deploy'])
    print.step(together(`${deploys} deploys`, accounts), { code: 0, seconds: '' })
  } else {
    await step('deploy', 0, 'Hello from version 2', ['deploy'])
    await step('failed deploy', 3, 'Version 3, write to {CONTACT}', ['deploy'])
    await step('rollback', 0, null, ['rollback', '--yes'])
  }
  const bad = accounts.filter(({ failed, sessionsLost }) => failed + sessionsLost > 0)
  if (comparing) {
    await compare({
      dir,
      project,
      machines,
      prepare,
      step: (name, code, message, words = ['deploy']) => step(name, code, message, words),
    })
  }
  await nextStep()
  print.end(bad.length)
  return bad.length === 0 ? 0 : 1
}

/** HAProxy finds out by itself, after a moment. */
async function untilAllAreUp(url, count) {
  const hosts = new Set()
  while (hosts.size < count) {
    const answer = await fetch(`${url}/healthz`)
    await answer.text()
    if (answer.ok) hosts.add(answer.headers.get('x-host'))
    else await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** web-3 lacks a setting that the third version needs. */
function settings() {
  const secret = randomBytes(16).toString('hex')
  return ({ name, port }, redisUrl) =>
    [
      `HOST_NAME=${name}`,
      `PORT=${port}`,
      'WORKERS=1',
      `REDIS_URL=${redisUrl}`,
      `SESSION_SECRET=${secret}`,
      ...(name === 'web-3' ? [] : ['CONTACT=shop@example.com']),
      '',
    ].join('\n')
}

async function expectCode(code, running) {
  const run = await running
  if (run.code !== code) throw new Error(`clonedeploy ended with ${run.code}, not ${code}:\n${run.said}`)
  return run
}

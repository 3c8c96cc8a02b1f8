// Three clones of an app with sessions in Redis behind HAProxy, on this machine, and users who never stop asking, while
// releases come and go. Usage: node demo.js [--compare | --deploys N] [--ports] [--step] [--json]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { makeMachines } from './demo/machines.js'
import { missingPackages } from './demo/processes.js'
import { tellStory } from './demo/story.js'

const missing = missingPackages()
if (missing.length > 0) {
  console.error(`Something is missing here. Run: apt-get install --no-install-recommends ${missing.join(' ')}`)
  process.exit(1)
}

const has = flag => process.argv.includes(flag)
const deploys = has('--deploys') ? Number(process.argv[process.argv.indexOf('--deploys') + 1]) : 0
if (!Number.isInteger(deploys)) {
  console.error('--deploys takes a number')
  process.exit(2)
}
const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-clones-'))
const machines = makeMachines(dir)
const endings = []

const stopped = new Promise(resolve => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(130))
  if (has('--step')) process.stdin.on('end', () => resolve(130))
})
const lines = has('--step') ? createInterface({ input: process.stdin })[Symbol.asyncIterator]() : null
const nextStep = async () => lines && (await lines.next())

try {
  const story = tellStory({
    dir,
    machines,
    endings,
    nextStep,
    json: has('--json'),
    comparing: has('--compare'),
    deploys,
    ports: has('--ports'),
  })
  process.exitCode = await Promise.race([story, stopped])
  story.catch(() => {})
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  for (const end of endings.reverse()) await end()
  await machines.end()
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
}
process.exit()

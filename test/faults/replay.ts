import { setTimeout as sleep } from 'node:timers/promises'
import { type Schedule, type Step, wordsOf } from '../model/schedule.js'
import { ageLocks } from '../support/lease.js'
import type { Ended, Running } from '../support/project.js'
import { type Gates, gatesOn, type Waiting } from './gates.js'
import type { Hosts } from './hosts.js'
import type { Scene } from './scene.js'

/** What became of a schedule. */
export interface Replayed {
  /** The first step that the program did not come to; null: it did all of them. */
  readonly refused: string | null
  readonly deploy: Ended
  /** How the repair ended; null: the schedule has none. */
  readonly repair: Ended | null
}

type Change = Extract<Step, { is: 'change' }>

/** How long the program may take to come to a step. */
const patience = 30_000

/**
 * Lets a deploy and its repair do the steps of a schedule in this order: each change that a host makes waits at its command
 * until it is its turn, and the deploy stands still from where its hosts have come to what it asks until the schedule has it ask again.
 * What waits when a deploy is dead and all its leases are over, and is in no step, is a message that never came.
 */
export async function replay(scene: Scene, hosts: Hosts, schedule: Schedule, waits = patience): Promise<Replayed> {
  const gates = gatesOn(hosts)
  gates.close()
  const run = { scene, hosts, gates, waits, deploy: scene.project.start('deploy'), repair: null, dead: null } as Replay
  try {
    const refused = await walk(run, schedule.steps)
    gates.open()
    if (refused !== null || run.repair === null) run.deploy.child.kill('SIGKILL')
    return { refused, deploy: await run.deploy.ended, repair: run.repair && (await run.repair.ended) }
  } finally {
    gates.open()
    run.deploy.child.kill('SIGKILL')
  }
}

/** The first step that was not done. */
async function walk(run: Replay, steps: readonly Step[]): Promise<string | null> {
  for (const [n, step] of steps.entries()) if (!(await act(run, step, steps.slice(n + 1)))) return wordsOf(step)
  return null
}

interface Replay {
  readonly scene: Scene
  readonly hosts: Hosts
  readonly gates: Gates
  readonly waits: number
  readonly deploy: Running
  repair: Running | null
  /** The transaction of the deploy, once it is known. */
  dead: string | null
}

async function act(run: Replay, step: Step, later: readonly Step[]): Promise<boolean> {
  switch (step.is) {
    case 'change':
      return change(run, step)
    case 'reboot':
      await run.hosts.fleet.stopHost(step.host)
      run.gates.forget(step.host)
      await run.hosts.fleet.startHost(step.host)
      return true
    case 'ask':
      return ask(run, nextOfEach(later))
    case 'death':
      run.deploy.child.kill('SIGKILL')
      await run.deploy.ended
      return true
    case 'silence':
      for (const one of run.gates.waiting()) run.gates.lose(one)
      return isQuiet(run)
    case 'repair':
      ageLocks(run.scene.project, run.hosts.all)
      run.repair = run.scene.other.start('repair')
      return true
    case 'end':
      run.deploy.child.kill('SIGCONT')
      return (await run.deploy.ended).code === step.code
  }
}

/** Lets a host make a change, when it has come to it. */
async function change(run: Replay, step: Change): Promise<boolean> {
  const one = await come(run, step)
  if (one === null) return false
  run.gates.pass(one)
  return until(() => !run.gates.waiting().some(({ host, pid }) => host === one.host && pid === one.pid), run.waits)
}

/** Waits until a host has come to a change. */
async function come(run: Replay, step: Change): Promise<Waiting | null> {
  const found = () => run.gates.waiting().find(one => isFor(run, step, one)) ?? null
  if (step.bySwitch && found() === null) await run.hosts.hurry(step.host, () => found() !== null, run.waits)
  await until(() => found() !== null, run.waits)
  return found()
}

function isFor(run: Replay, step: Change, one: Waiting): boolean {
  if (one.host !== step.host || one.what !== step.what) return false
  if (one.tx !== null && run.repair === null) run.dead ??= one.tx
  // A repair gives back its lock in the folder of the dead deploy where that was in doubt, else in its own.
  if (one.what === 'ends' && run.repair !== null) return true
  const isOfDeploy = one.tx === null ? run.repair === null : one.tx === run.dead
  return isOfDeploy === (step.tx === 0)
}

/** Lets the deploy go on until its hosts have come to what it asks for, and no further. */
async function ask(run: Replay, asked: readonly Change[]): Promise<boolean> {
  run.deploy.child.kill('SIGCONT')
  await Promise.all(asked.map(each => come(run, each)))
  if (asked.length > 0) run.deploy.child.kill('SIGSTOP')
  return true
}

/** Lets all leases and deadlines be over; false: a host has changed something meanwhile. */
async function isQuiet({ hosts, scene, gates }: Replay): Promise<boolean> {
  const seen = { changes: 0, now: true }
  const passing = (async () => {
    for (; seen.now; await sleep(20))
      for (const one of gates.waiting()) {
        seen.changes += 1
        gates.pass(one)
      }
  })()
  await hosts.letTimePass(scene.folders)
  seen.now = false
  await passing
  return seen.changes === 0
}

/** The next change of each host that the deploy has just asked for. */
function nextOfEach(later: readonly Step[]): readonly Change[] {
  const end = later.findIndex(({ is }) => is === 'ask' || is === 'silence')
  const changes = later.slice(0, end).filter(step => step.is === 'change')
  return changes.filter((step, n) => !step.bySwitch && !changes.slice(0, n).some(({ host }) => host === step.host))
}

async function until(holds: () => boolean, waits: number): Promise<boolean> {
  for (const end = Date.now() + waits; Date.now() < end; await sleep(10)) if (holds()) return true
  return holds()
}

import { randomBytes } from 'node:crypto'
import { sees, witness } from '../../scripts/read/witness.js'
import { alikeFolders } from '../../state/alike-folders.js'
import type { HostState } from '../../state/host-state.js'
import type { Problem } from '../../state/preflight.js'
import { onEach } from '../each.js'
import type { Session } from '../session.js'

interface Member {
  readonly session: Session
  readonly state: HostState
}

const timeout = 10_000

/**
 * Hosts of the inventory that are one folder of one machine. Whose folders are alike may be machines that were resumed from
 * one snapshot: only who sees a process of the other is the same.
 */
export async function oneFolderProblems(fleet: readonly Member[], concurrency: number): Promise<readonly Problem[]> {
  const groups = alikeFolders(fleet.map(({ state }) => state))
  const found = await onEach(groups, concurrency, group =>
    inOne(fleet.filter(({ state }) => group.includes(state.name))),
  )
  return found.flat()
}

async function inOne([first, ...others]: readonly Member[]): Promise<readonly Problem[]> {
  if (first === undefined) return []
  const mark = `clonedeploy-${randomBytes(16).toString('hex')}`
  const waiting = first.session.open(witness(mark), timeout)
  const pid = Number(await waiting.line(timeout))
  const same = await onEach(others, others.length, async ({ session, state }) =>
    pid > 0 && (await session.run(sees(mark, pid), { timeout })).code === 0 ? [oneFolder(first.state, state)] : [],
  )
  waiting.send('')
  await waiting.result
  return same.flat()
}

function oneFolder({ name, root }: HostState, other: HostState): Problem {
  const there = other.root === root ? root : `${other.root}, which is ${root}`
  return {
    host: other.name,
    text: `it is the machine of ${name}, and both deploy to ${there}`,
    fix: 'list the machine once, or give each name a deployTo of its own',
  }
}

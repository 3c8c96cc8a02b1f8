import { randomBytes } from 'node:crypto'
import type { Config } from '../../config/config.js'
import { sees, witness } from '../../scripts/read/facts.js'
import type { HostState } from '../../state/host-state.js'
import type { Problem } from '../../state/preflight.js'
import { onEach } from '../each-host.js'
import type { Session } from '../session.js'
import { forwardingProblems } from './forwarding.js'
import { serviceProblems } from './service-problems.js'

type Fleet = readonly { readonly session: Session; readonly state: HostState; readonly sessions: number }[]

/** What a login must be able to do besides running scripts, and be only once: what would otherwise come to light later. */
export async function loginProblems(config: Config, fleet: Fleet, concurrency: number): Promise<readonly Problem[]> {
  const needed = sessionsFor(config)
  const few = fleet.filter(({ sessions }) => sessions < needed)
  const asked = [
    oneFolderProblems(fleet, concurrency),
    forwardingProblems(config, fleet, concurrency),
    serviceProblems(config, fleet, concurrency),
  ]
  return [...few.map(({ session }) => tooFew(session, needed)), ...(await Promise.all(asked)).flat()]
}

/** While one session waits for the word to swap (or hands files on), and another runs a command of the user's (or unpacks), the lease is renewed on a third. */
export function sessionsFor({ restart, health, relay }: Config): number {
  return restart.length > 0 || relay !== null || health.some(({ kind }) => kind === 'command') ? 3 : 2
}

function tooFew({ host }: Session, needed: number): Problem {
  return {
    host: host.name,
    text: `its sshd allows fewer than ${needed} sessions on a connection, and a swap needs them at once`,
    fix: `MaxSessions 10     in the sshd_config of ${host.name}`,
  }
}

interface Member {
  readonly session: Session
  readonly state: HostState
}

const timeout = 10_000

/**
 * Hosts of the inventory that are one folder of one machine. Whose folders are alike may be machines that were resumed from
 * one snapshot: only who sees a process of the other is the same.
 */
async function oneFolderProblems(fleet: readonly Member[], concurrency: number): Promise<readonly Problem[]> {
  const groups = alikeFolders(fleet.map(({ state }) => state))
  const found = await onEach(groups, concurrency, group =>
    inOne(fleet.filter(({ state }) => group.includes(state.name))),
  )
  return found.flat()
}

async function inOne([first, ...others]: readonly Member[]): Promise<readonly Problem[]> {
  if (first === undefined) return []
  const mark = `clonedeploy-${randomBytes(16).toString('hex')}`
  const waiting = await first.session.open(witness(mark), timeout)
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

/** The names of hosts whose `deployTo` is said to be the same, in groups of two and more. */
export function alikeFolders(states: readonly HostState[]): readonly (readonly string[])[] {
  const groups = new Map<string, string[]>()
  for (const { name, folder } of states) if (folder !== null) groups.set(folder, [...(groups.get(folder) ?? []), name])
  return [...groups.values()].filter(({ length }) => length > 1)
}

import type { HostState } from '../../state/host-state.js'
import type { StatusReport, StoreReport } from '../../state/status-report.js'
import type { Generation } from '../../store/generation.js'
import { newestGeneration } from '../../store/generations.js'
import { StoreError } from '../../store/store.js'
import { endOfOther, standingOf } from '../../store/succession.js'
import { escapeLine } from '../../text/escape.js'
import type { Context } from '../context/context.js'
import { orInterrupt } from '../context/read-fleet.js'

/** The newest generation of the stage, or why it could not be read. */
type StoreRead = { readonly generation: Generation | null } | { readonly error: StoreError }

/** Null: there is no store. */
export async function readStore(context: Context): Promise<StoreRead | null> {
  return context.store.name === null ? null : orInterrupt(context, newest(context))
}

async function newest({ store, config }: Context): Promise<StoreRead> {
  try {
    const open = await store.open()
    return { generation: open === null ? null : await newestGeneration(open, config) }
  } catch (error) {
    if (error instanceof StoreError) return { error }
    throw error
  }
}

/** The report with what the store says beside what the fleet does. Only what the store says wrongly is a problem. */
export function withStore(
  report: StatusReport,
  name: string,
  read: StoreRead,
  states: readonly HostState[],
): StatusReport {
  const store = reportOf(report, name, read, states)
  if ('error' in read && store.standing === 'unsigned') return withUnsigned({ ...report, store }, read.error)
  const problem = problemOf(report, store)
  if (problem === null) return { ...report, store }
  return {
    ...report,
    store,
    exitCode: 6,
    problems: [...report.problems, problem],
    next: [...new Set([...report.next, 'fix: clonedeploy repair'])],
  }
}

/** What nobody may have signed says nothing of the fleet, and is for a person. */
function withUnsigned(report: StatusReport, { message, next }: StoreError): StatusReport {
  return {
    ...report,
    exitCode: report.exitCode === 0 ? 3 : report.exitCode,
    problems: [...report.problems, message],
    next: [...report.next, ...next],
  }
}

function reportOf({ target }: StatusReport, name: string, read: StoreRead, states: readonly HostState[]): StoreReport {
  if ('error' in read) return { name, standing: unreadOf(read.error), error: read.error.message, generation: null }
  const { generation } = read
  if (generation === null) return { name, standing: standingOf(null, target), error: null, generation: null }
  const { number, state, command, by, at, tx, hosts, confirmed } = generation
  const told = { number, state, command, by, at, tx, hosts, target: generation.target.release }
  return {
    name,
    standing: state === 'pending' ? pendingOf(generation, states) : standingOf(generation, target),
    error: null,
    generation: { ...told, confirmed: confirmed?.release ?? null },
  }
}

function unreadOf({ fault }: StoreError): StoreReport['standing'] {
  return fault === 'unsigned' ? 'unsigned' : 'unknown'
}

/** A run that is at work has the locks; one that has died and whose hosts are all ours can be ended. */
function pendingOf(generation: Generation, states: readonly HostState[]): StoreReport['standing'] {
  if (states.some(({ lock }) => lock.held && lock.holder?.tx === generation.tx)) return 'pending'
  const hosts = states.map(({ name }) => name)
  return endOfOther(generation, { hosts, release: null }) === 'foreign' ? 'foreign' : 'left'
}

function problemOf({ target }: StatusReport, { standing, generation }: StoreReport): string | null {
  const by = generation === null ? '' : `the ${generation.command} of ${escapeLine(generation.by)}`
  switch (standing) {
    case 'behind':
      return target === null
        ? null
        : `the store names ${generation?.confirmed ?? 'nothing'}, and the fleet is to serve ${target}`
    case 'left':
      return `the store has ${by} as at work, and it has ended`
    default:
      return null
  }
}

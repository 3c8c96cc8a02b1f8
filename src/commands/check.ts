import type { ExitCode } from '../errors.js'
import type { Session } from '../fleet/session.js'
import type { HostState } from '../inventory/state.js'
import { inDoubt, problemsOf, warningsOf } from '../plan/preflight.js'
import { tableLines } from '../render/table.js'
import { bytesText } from '../render/units.js'
import { openContext } from './context.js'
import type { CommonFlags } from './flags.js'
import type { Io } from './io.js'
import { readFleet } from './status.js'
import { leave } from './survey.js'

/** `clonedeploy check`: connects to every host, changes nothing, and reports everything that would stop a deploy: exit 3. */
export async function check(io: Io, flags: CommonFlags): Promise<ExitCode> {
  const context = await openContext(io, flags)
  try {
    const began = Date.now() / 1000
    const { fleet, read } = await readFleet(context)
    const facts = read.map(({ session, state }) => factsOf(session, state, began))
    const unread = fleet.hosts.flatMap(({ name, state, error }) =>
      state === null ? [{ host: name, text: error ?? 'no answer', fix: null }] : [],
    )
    const problems = [
      ...unread,
      ...read.flatMap(({ state }) => [...problemsOf(state, { bytes: 0, entries: 0 }), ...doubts(state)]),
    ]
    const warnings = read.flatMap(({ state }) => warningsOf(state))
    leave(read)
    if (flags.json)
      io.output.stdout(
        `${JSON.stringify({ v: 1, command: 'check', app: context.config.app, stage: context.config.stage, hosts: facts, problems, warnings })}\n`,
      )
    else io.output.stdout(words(facts, problems, warnings))
    return problems.length === 0 ? 0 : 3
  } finally {
    await context.close()
  }
}

type HostFacts = ReturnType<typeof factsOf>

function factsOf(session: Session, state: HostState, began: number) {
  const { facts, rtt } = session.connection()
  return {
    name: state.name,
    address: `${facts.user}@${facts.address}:${facts.port}`,
    hostKey: facts.hostKey === null ? '' : `${facts.hostKey.type} ${facts.hostKey.fingerprint}`,
    auth: facts.auth,
    transport: facts.transport,
    why: facts.why ?? null,
    shell: state.shell,
    deployTo: state.root,
    freeBytes: state.disk.freeKb * 1024,
    clockOffset: Math.round(state.clock - began),
    roundTripMs: Math.round(rtt() * 10) / 10,
    tools: state.tools,
  }
}

function doubts(state: HostState) {
  const held = state.lock.held
    ? [{ host: state.name, text: `locked by ${state.lock.holder?.who ?? 'somebody'}`, fix: 'clonedeploy status' }]
    : []
  return [
    ...held,
    ...inDoubt(state).map(({ id }) => ({
      host: state.name,
      text: `transaction ${id} was swapped and never decided`,
      fix: 'clonedeploy repair',
    })),
  ]
}

function words(
  facts: readonly HostFacts[],
  problems: readonly { host: string; text: string; fix: string | null }[],
  warnings: readonly string[],
): string {
  const rows = facts.map(one => [
    one.name,
    one.address,
    one.hostKey,
    one.transport === 'openssh' ? `${one.auth}, by ssh` : one.auth,
    one.shell,
    `${bytesText(one.freeBytes)} free`,
    `${one.roundTripMs} ms`,
    `clock ${one.clockOffset >= 0 ? '+' : ''}${one.clockOffset}s`,
  ])
  const fixes = new Set(problems.flatMap(({ fix }) => (fix === null ? [] : [`  fix: ${fix}`])))
  return `${[
    ...tableLines([['HOST', 'ADDRESS', 'HOST KEY', 'LOGIN', 'SHELL', 'DISK', 'ROUND TRIP', 'CLOCK'], ...rows]),
    '',
    ...facts.flatMap(({ name, why }) =>
      why === null ? [] : [`${name}: connected by the system's ssh, because ${why}`],
    ),
    ...warnings.map(text => `! ${text}`),
    ...problems.map(({ host, text }) => `✖ ${host}: ${text}`),
    ...fixes,
    ...(problems.length === 0 ? ['No problems found.'] : []),
  ].join('\n')}\n`
}

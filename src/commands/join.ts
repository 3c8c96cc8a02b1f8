import { Refusal } from '../errors.js'
import type { ExitCode } from '../exit-code.js'
import type { Outcome } from '../fleet/outcome.js'
import { selectHosts } from '../inventory/select.js'
import type { Foreign } from '../plan/join.js'
import { isNothing, repairJson, repairText } from '../render/reports/repair.js'
import { askToGoOn } from './context/ask.js'
import { type Context, inContext, namedHosts } from './context/context.js'
import type { JoinFlags } from './context/flags.js'
import { demandListed } from './context/hosts/listed.js'
import type { Io } from './context/io.js'
import { withLockWait } from './context/lock-wait.js'
import { adopts } from './context/owner.js'
import { leave } from './context/read-fleet.js'
import { courseOfRepair } from './context/rollout.js'
import { tellPlan, tellStart } from './context/transact.js'
import { bringEarlier } from './join/join-earlier.js'
import { demandJoinable, type JoinFacts, readJoin } from './join/join-facts.js'
import type { Asked, RepairFacts } from './repair/repair-facts.js'
import { trustedHost } from './repair/trust-host.js'
import { repairFleet } from './repair.js'
import { readFleet } from './status.js'

/** What the joining hosts have got so far, whatever comes of the rest. */
interface Brought {
  readonly earlier: string[]
  bytes: number
}

/** `clonedeploy join`: hosts get the releases that the others could go back to, then the fleet's own, and serve that. */
export async function join(io: Io, flags: JoinFlags): Promise<ExitCode> {
  return inContext(io, { ...flags, wholeFleet: true }, async context => {
    const startedAt = performance.now()
    const { config, emit } = context
    const only = [...(flags.host ?? []), ...namedHosts(flags, config)]
    const named = only.length === 0 ? null : selectHosts(config.hosts, { only }).map(({ name }) => name)
    tellStart(context, flags, 'join')
    const joining = new Set(named ?? (await newHosts(context)))
    if (flags.dryRun) return await withLockWait(context, flags, quiet => dryRun(quiet, flags, joining))
    const names = [...joining].join(', ')
    if (config.protected && joining.size > 0)
      await askToGoOn(context, flags, `Let ${names} join ${config.stage}?`, 'this stage is protected')
    const brought: Brought = { earlier: [], bytes: 0 }
    const attempt = (quiet: Context) => joinFleet(quiet, flags, joining, startedAt, brought)
    const outcome = await withLockWait(context, flags, attempt).catch(error => {
      throw brought.earlier.length === 0 ? error : withWhatWasBrought(error, names, brought)
    })
    emit({ type: 'run.end', outcome })
    return outcome.exitCode
  })
}

/** Those that answer and serve nothing yet. */
async function newHosts(context: Context): Promise<readonly string[]> {
  const { read } = await readFleet(context)
  leave(read)
  return read.flatMap(({ state }) => (state.current.kind === 'absent' ? [state.name] : []))
}

/** What can be gone back to comes first: a host that serves the fleet's release never keeps the fleet from going back. */
async function joinFleet(
  context: Context,
  flags: JoinFlags,
  joining: ReadonlySet<string>,
  startedAt: number,
  brought: Brought,
): Promise<Outcome> {
  const asked = askedFor(context, flags, joining)
  const found = await readJoin(context, flags, asked)
  const { facts, target, earlier } = found
  const warnings = leftOutTexts(context, found)
  context.log.name(target)
  try {
    await demandListed(context, flags, facts.heard.record)
    const others = facts.fleet.map(({ state }) => state.name).filter(name => !joining.has(name))
    // Asked before anything is brought: a decision may be missing, or the way be impossible.
    await courseOfRepair(context, flags, facts.fleet, new Set(others))
    for (const one of earlier) {
      if (context.io.stop.reason() !== null) break
      const why = await bringEarlier(context, flags, facts, one, joining, warnings)
      if (why === null) brought.earlier.push(one.release)
      else warnings.push(`${one.release} was not brought, so the fleet cannot go back to it: ${why}`)
    }
  } finally {
    brought.bytes += facts.fleet.reduce((sum, { session }) => sum + session.bytes(), 0)
    leave(facts.fleet)
  }
  const outcome = await repairFleet(context, flags, startedAt, asked, later => {
    demandJoinable(context, later)
  })
  const isNew = outcome.result === 'unchanged' && outcome.exitCode === 0 && brought.earlier.length > 0
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  const hosts = outcome.hosts.filter(({ name, current }) => joining.has(name) && current === outcome.release)
  return {
    ...outcome,
    ...(isNew ? { result: 'deployed', seconds, log: context.log.path() } : {}),
    bytes: outcome.bytes + brought.bytes,
    joined: { hosts: hosts.map(({ name }) => name), earlier: brought.earlier },
    warnings: [...warnings, ...outcome.warnings],
  }
}

/** A refusal that came when the hosts had got something already. */
function withWhatWasBrought(error: unknown, names: string, { earlier }: Brought): unknown {
  if (!(error instanceof Refusal)) return error
  const releases = earlier.length === 1 ? 'release' : 'releases'
  const message = `${error.message} ${names} got ${earlier.length} earlier ${releases}.`
  return Object.assign(error, { message, changed: 'nothing served' } as const)
}

function askedFor(context: Context, flags: JoinFlags, joining: ReadonlySet<string>): Asked {
  return {
    command: 'join',
    given: [],
    joining,
    trusted: trustedHost(context, flags),
    mayRemake: false,
    unsourced: null,
  }
}

/** What is not brought although the others could go back to it, and why. */
function leftOutTexts(context: Context, { facts, unvouched, foreign }: JoinFacts): string[] {
  const texts = unvouched.map(release => unvouchedText(context, facts, release))
  return foreign.releases.length === 0 ? texts : [...texts, foreignText(foreign, facts.joining)]
}

function foreignText({ releases, last }: Foreign, joining: ReadonlySet<string>): string {
  const [were, them, folder] = releases.length === 1 ? ['was', 'it', 'its folder'] : ['were', 'them', 'their folders']
  const lost = last ? 'has nothing to go back to until the next deploy' : `cannot go back to ${them}`
  const why = `another tool made ${them}, and no manifest says what belongs in ${them}`
  const names = [...joining].join(', ')
  return `${releases.join(', ')} ${were} not brought, so the fleet ${lost}: ${why}. To keep ${them}, copy ${folder} to releases/ on ${names} by hand.`
}

function unvouchedText({ io }: Context, { fleet, joining }: RepairFacts, release: string): string {
  const [only] = fleet.map(({ state }) => state.name).filter(name => !joining.has(name))
  return `${release} was not brought, so the fleet cannot go back to it: only ${only} holds it; if it is right: ${io.again(`--trust-host ${only}`)}`
}

async function dryRun(context: Context, flags: JoinFlags, joining: ReadonlySet<string>): Promise<ExitCode> {
  const found = await readJoin(context, flags, askedFor(context, flags, joining))
  const { facts, earlier } = found
  leave(facts.fleet)
  await demandListed(context, flags, facts.heard.record)
  for (const text of leftOutTexts(context, found)) context.emit({ type: 'note', level: 'warning', host: null, text })
  const report = {
    app: context.config.app,
    stage: context.config.stage,
    decision: facts.decision,
    states: facts.fleet.map(({ state }) => state),
    adopt: adopts(context, flags, facts.fleet),
    beyond: facts.beyond,
    drained: new Map(),
    store: null,
    joining: [...joining],
    earlier,
    trusted: facts.trusted,
    next: [],
  }
  const changes = flags.detailedExitcode && !isNothing(report) ? 10 : 0
  const exitCode = facts.beyond.size > 0 ? 6 : changes
  return tellPlan(context, flags, exitCode, repairJson(report), repairText(report, context.io.propose))
}

import type { ExitCode } from '../../exit-code.js'
import { onEach } from '../../fleet/each-host.js'
import type { Session } from '../../fleet/session.js'
import { auditText } from '../../render/reports/audit.js'
import { jsonReport } from '../../render/reports/report-json.js'
import { audit as auditScript, parseAudit } from '../../scripts/read/audit.js'
import { isWhole } from '../../scripts/shell/shell.js'
import { withAnswers } from '../../state/answers/audit-answers.js'
import { ownedByOthers } from '../../state/evidence/owner.js'
import type { HostState } from '../../state/host-state.js'
import { type AuditedHost, auditFleet } from '../../state/user-data.js'
import { type Context, inContext } from '../context/context.js'
import type { CommonFlags } from '../context/flags.js'
import type { Io } from '../context/io.js'
import { orInterrupt } from '../context/read-fleet.js'
import { readFleet } from '../status.js'
import { askHosts } from './ask-hosts.js'

const timeout = 120_000

/** `clonedeploy audit`: what hosts keep of users, and answer differently. Exit 7 where something was found, 6 where nothing was and not all could be read. */
export async function audit(io: Io, flags: CommonFlags): Promise<ExitCode> {
  return inContext(io, flags, async context => {
    const { config, concurrency } = context
    const { fleet, read } = await readFleet(context)
    const owned = ownedByOthers(
      read.map(({ state }) => state),
      config,
    )
    const ours = read.filter(({ state }) => owned.every(({ host }) => host !== state.name))
    const { ask, login } = config.audit
    // Before the files are looked at: a session that the login leaves on a host is among them.
    const told = ask.length === 0 && login === null ? null : await orInterrupt(context, askHosts(context, ours))
    const asked = onEach(ours, concurrency, ({ session, state }) => auditHost(context, session, state))
    const answers = new Map((await orInterrupt(context, asked)).map(one => [one.name, one]))
    const whyNot = (name: string) => owned.find(({ host }) => host === name)?.text ?? null
    const hosts = fleet.hosts.map(
      ({ name, error }): AuditedHost => answers.get(name) ?? { name, audited: null, error: whyNot(name) ?? error },
    )
    const kept = auditFleet(config, hosts, { ignore: ignored(config), files: config.shared.files })
    const report = told === null ? kept : withAnswers(kept, told.compared, told.login)
    const exitCode = ({ clean: 0, found: 7, incomplete: 6 } as const)[report.result]
    const { stage, result, ...more } = report
    const ended = { command: 'audit', result, exitCode, stage }
    io.output.stdout(flags.json ? jsonReport(ended, more) : auditText(report, context.paint, io.now()))
    return exitCode
  })
}

async function auditHost({ config }: Context, session: Session, { name, root }: HostState): Promise<AuditedHost> {
  const { writable, audit } = config
  const script = auditScript(root, { writable, ignore: ignored(config), sessions: audit.sessions })
  const { code, lost, stdout } = await session.run(script, { timeout })
  const audited = code === 0 && isWhole(stdout) ? parseAudit(stdout) : null
  return { name, audited, error: audited === null ? (lost?.message ?? `no whole answer (exit code ${code})`) : null }
}

/** Where the app's own log is, the configuration says already. */
function ignored({ audit, logs }: Context['config']): readonly string[] {
  const log = logs?.kind === 'file' ? [logs.file.replace(/^(shared|current)\//, '')] : []
  return [...audit.ignore, ...log]
}

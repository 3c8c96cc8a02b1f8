import type { AuditConfig } from '../../config/config.js'
import { auditSecrets, revealed } from '../../config/secrets/audit-secrets.js'
import { redactor, resolveSecrets } from '../../config/secrets/resolve-secrets.js'
import { type Asking, askAlike, type Questioned } from '../../fleet/health/ask-alike.js'
import { type LoginHost, logIn } from '../../fleet/health/log-in.js'
import { ownNames, requestFor } from '../../plan/app/requests.js'
import { onHost } from '../../plan/app/variables.js'
import { askedAt, healthSteps } from '../../plan/transaction.js'
import { knownUser, type LoginReport } from '../../state/answers/known-user.js'
import type { Compared } from '../../state/answers/same-answers.js'
import type { Context } from '../context/context.js'
import type { Fleet } from '../context/read-fleet.js'

/** Milliseconds for one answer. */
const timeout = 20_000

export interface HostsAsked {
  readonly compared: Compared
  readonly login: LoginReport | null
}

/** Asks hosts what the configuration has an audit ask of them, one as another: addresses first, then who knows a user. */
export async function askHosts(context: Context, fleet: Fleet): Promise<HostsAsked> {
  const { config, io, concurrency } = context
  const secrets = await resolveSecrets({ root: config.root, secrets: auditSecrets(config.audit) }, io.env)
  const redact = redactor(secrets)
  context.hide(redact)
  const audit = revealed(config.audit, secrets)
  const hosts = fleet.filter(({ session }) => asksByHttp(context, session.host)).map(one => hostOf(context, one))
  const asking: Asking = { concurrency, timeout, redact, isOver: () => io.stop.reason() !== null }
  const questions = audit.ask.map(({ url, ignore }) => ({ text: `GET ${url}`, ignored: ignore }))
  const compared =
    questions.length === 0
      ? { differences: [], notes: [] }
      : await askAlike(
          hosts.map(host => questioned(host, audit)),
          questions,
          asking,
        )
  const { login } = audit
  const told = login === null ? null : await logIn(login, hosts, asking)
  return { compared, login: login === null || told === null ? null : knownUser(told, login.page.url, login.expect) }
}

type OneHost = Fleet[number]

/** Where health asks some hosts by HTTP, it is those that serve. */
function asksByHttp({ config: { health } }: Context, host: OneHost['session']['host']): boolean {
  const asking = health.filter(({ kind }) => kind === 'http')
  return asking.length === 0 || onHost(asking, host).length > 0
}

function hostOf({ config }: Context, { session, state }: OneHost): LoginHost {
  const { host } = session
  return { name: state.name, session, at: askedAt(config.env, host, healthSteps(config, {}, host, state)) }
}

function questioned({ name, session, at }: LoginHost, { ask }: AuditConfig): Questioned {
  const requests = ask.map(one => requestFor(one, at))
  return { name, session, own: ownNames(session.host, requests), requests }
}

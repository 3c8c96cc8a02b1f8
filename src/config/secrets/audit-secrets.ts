import type { AuditConfig, SecretSource, Value, Values } from '../config.js'
import type { Secret } from './redact.js'

/** The secrets of what an audit asks, each under its place in the configuration. */
export function auditSecrets(audit: AuditConfig): Readonly<Record<string, SecretSource>> {
  const found: Record<string, SecretSource> = {}
  withValues(audit, (value, place) => {
    if (typeof value !== 'string') found[place] = value
    return value
  })
  return found
}

/** The same audit with the secrets themselves: for what is sent to hosts, never for what is shown. */
export function revealed(audit: AuditConfig, secrets: ReadonlyMap<string, Secret>): AuditConfig {
  return withValues(audit, (value, place) => secrets.get(place)?.reveal() ?? value)
}

/** The audit with each value of its requests as `change` makes it of the value and its place. */
export function withValues(audit: AuditConfig, change: (value: Value, place: string) => Value): AuditConfig {
  const all = (values: Values, place: string): Values =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, `${place}.${name}`)]))
  const { ask, login } = audit
  return {
    ...audit,
    ask: ask.map((one, i) => ({ ...one, headers: all(one.headers, `audit.ask[${i}].headers`) })),
    login: login === null ? null : withLogin(login, all),
  }
}

function withLogin(
  { request, page, expect }: NonNullable<AuditConfig['login']>,
  all: (values: Values, place: string) => Values,
): NonNullable<AuditConfig['login']> {
  const { body } = request
  const at = 'audit.login'
  return {
    request: {
      ...request,
      headers: all(request.headers, `${at}.request.headers`),
      body: body === null ? null : { ...body, fields: all(body.fields, `${at}.request.${body.kind}`) },
    },
    page: { ...page, headers: all(page.headers, `${at}.page.headers`) },
    expect,
  }
}

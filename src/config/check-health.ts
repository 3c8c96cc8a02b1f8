import type { Host } from '../inventory/host.js'
import { substitute, variablesIn } from '../inventory/substitute.js'
import type { Config, HealthCheck } from './config.js'
import type { Path, Problem } from './problems/problem.js'
import { show } from './problems/show.js'

/** Health checks whose address is none once a host's variables are put in: found here, not when it is asked. */
export function checkHealth(config: Config, path: Path): readonly Problem[] {
  const { health, hosts } = config
  return health.flatMap((check, i) => {
    if (check.kind === 'command') return []
    const at = [...path, ...(health.length === 1 ? [] : [i]), check.kind === 'http' ? 'url' : 'tcp']
    const asked = hosts.filter(({ roles }) => check.roles === null || check.roles.some(role => roles.includes(role)))
    const texts = asked.flatMap(host => problemOn(host, addressOf(check), variablesOf(config, host)) ?? [])
    return texts.map(text => ({ path: at, text }))
  })
}

function addressOf(check: Exclude<HealthCheck, { kind: 'command' }>): string {
  return check.kind === 'http' ? check.url : `tcp://${check.address}`
}

/** A secret is not read here: it stands for something that may be a port. */
function variablesOf({ env, secrets, embedded }: Config, host: Host): Readonly<Record<string, string>> {
  const secret = Object.fromEntries(Object.keys(secrets).map(name => [name, '1']))
  const own = Object.fromEntries(ownNames.map(name => [name, '1']))
  return {
    ...env,
    ...secret,
    ...(embedded > 0 ? { APP_PORT: '1' } : {}),
    ...host.env,
    ...own,
    CLONEDEPLOY_HOST: host.name,
  }
}

/** What clonedeploy says of the run. */
const ownNames = ['APP', 'STAGE', 'RELEASE', 'REVISION', 'PREVIOUS', 'RELEASE_PATH'].map(name => `CLONEDEPLOY_${name}`)

function problemOn({ name }: Host, address: string, variables: Readonly<Record<string, string>>): string | null {
  const text = substitute(address, variables)
  const readable = URL.canParse(text)
  // In a path or a query a `$` may be meant as one.
  const missing = variablesIn(readable ? authority(address) : address).filter(one => !(one in variables))
  if (missing.length > 0)
    return `${name} has no variable ${missing.join(', ')}: set it in env, or in the env of the host`
  return readable ? null : `is no address on ${name}: ${show(text)}`
}

function authority(address: string): string {
  return /^[a-z]+:\/\/([^/?#]*)/i.exec(address)?.[1] ?? ''
}

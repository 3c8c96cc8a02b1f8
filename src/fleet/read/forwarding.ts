import type { Config } from '../../config/config.js'
import { isForbidden } from '../../connection/errors.js'
import { healthUrls } from '../../plan/app/health.js'
import type { HostState } from '../../state/host-state.js'
import type { Problem } from '../../state/preflight.js'
import { onEach } from '../each-host.js'
import type { Session } from '../session.js'

const timeout = 5_000

/** Hosts whose sshd does not let health checks through. Whether anything listens there is not asked. */
export async function forwardingProblems(
  config: Config,
  fleet: readonly { readonly session: Session; readonly state: HostState }[],
  concurrency: number,
): Promise<readonly Problem[]> {
  const found = await onEach(fleet, concurrency, async ({ session, state }) => {
    const byPlace = new Map(healthUrls(config, session.host, state).map(url => [url.host, url]))
    const problems: Problem[] = []
    for (const url of byPlace.values()) if (await isRefused(session, url)) problems.push(problem(state.name, url))
    return problems
  })
  return found.flat()
}

/** What a forwarded connection goes to: the URL's host as the machine itself sees it. */
export function placeOf(url: URL): { readonly host: string; readonly port: number } {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port }
}

async function isRefused(session: Session, url: URL): Promise<boolean> {
  const opening = session.connection().forward(placeOf(url))
  const answer = opening.then(
    stream => {
      stream.on('error', () => {})
      stream.destroy()
      return false
    },
    error => isForbidden(error),
  )
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(resolve, timeout, false)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

function problem(host: string, url: URL): Problem {
  const tcp = url.protocol === 'tcp:'
  const instead = tcp ? `nc -z ${url.hostname} ${url.port}` : `curl -fsS ${url}`
  return {
    host,
    text: `its sshd does not let us forward to ${url.host}, which the health check ${tcp ? '' : 'GET '}${url} needs`,
    fix: `AllowTcpForwarding yes, and no \`restrict\` on the key; or check by a command: health: { run: '${instead}' }`,
  }
}

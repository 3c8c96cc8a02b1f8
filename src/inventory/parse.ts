/** `deploy@10.0.0.2:2222` taken apart. */
interface HostParts {
  readonly host: string
  readonly user?: string
  readonly port?: number
}

type ParsedHost = { readonly parts: HostParts } | { readonly problem: string }

/** Reads `[user@]host[:port]`; an IPv6 address with a port is written `[::1]:22`. */
export function parseHost(text: string): ParsedHost {
  const problem = shapeProblem(text)
  if (problem !== null) return { problem }
  const login = text.lastIndexOf('@')
  const user = login === -1 ? undefined : text.slice(0, login)
  if (user !== undefined && userProblem(user) !== null) return { problem: `the user ${userProblem(user)}` }
  const address = splitPort(text.slice(login + 1))
  if (hostProblem(address.host) !== null) return { problem: `the host ${hostProblem(address.host)}` }
  const wrongPort = address.port === undefined ? null : portTextProblem(address.port)
  if (wrongPort !== null) return { problem: wrongPort }
  const port = address.port === undefined ? {} : { port: Number(address.port) }
  return { parts: { host: address.host, ...(user === undefined ? {} : { user }), ...port } }
}

/** What is wrong with an address or ssh config alias; null when nothing is. */
export function hostProblem(host: string): string | null {
  if (host === '') return 'is empty'
  if (host.startsWith('-')) return 'begins with "-": ssh would take it for an option'
  const ipv6 = host.includes(':')
  return (ipv6 ? /^(?=.*:.*:)[0-9a-f:.]+(%[\w.-]+)?$/i : /^[\w.-]+$/).test(host)
    ? null
    : `"${host}" is no address or ssh alias`
}

export function userProblem(user: string): string | null {
  if (user === '') return 'is empty'
  if (user.startsWith('-')) return 'begins with "-": ssh would take it for an option'
  return /^[\w.+$@-]+$/.test(user) ? null : `"${user}" has characters that a login cannot have`
}

export function portProblem(port: number): string | null {
  if (!Number.isInteger(port)) return `should be a whole number, got ${port}`
  if (port > 65_535) return `65535 is the highest port, got ${port}`
  return port < 1 ? `1 is the lowest port, got ${port}` : null
}

function portTextProblem(text: string): string | null {
  return /^\d+$/.test(text) ? portProblem(Number(text)) : `the port "${text}" is not a number`
}

function shapeProblem(text: string): string | null {
  if (text === '') return 'is empty'
  if (text.startsWith('-')) return 'begins with "-": ssh would take it for an option'
  if (text.startsWith('ssh://')) return 'is written without ssh://, as user@host:port'
  return /[\s\p{Cc}]/u.test(text) ? `${JSON.stringify(text)} has white space in it` : null
}

/** Two colons or more are a bare IPv6 address, which cannot be told from its port. */
function splitPort(text: string): { readonly host: string; readonly port?: string } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text)
  const plain = /^([^:]*)(?::([^:]*))?$/.exec(text)
  const match = bracketed ?? plain
  if (match === null) return { host: text }
  return { host: match[1] ?? '', ...(match[2] === undefined ? {} : { port: match[2] }) }
}

import { createHash } from 'node:crypto'
import { hostname } from 'node:os'

/** What the tokens of ssh_config(5) stand for. */
interface TokenContext {
  readonly alias: string
  readonly hostname: string
  readonly port: number
  readonly user: string
  readonly hostKeyAlias: string | null
  readonly home: string
  readonly localUser: string
  readonly jump: string
}

/** `~`, `${VARIABLE}` and `%` tokens, which `ssh -G` leaves as they are. Unknown tokens stay. */
export function expand(value: string, context: TokenContext): string {
  const tokens = tokensOf(context)
  return value
    .replace(/^~(?=\/|$)/, context.home)
    .replace(/\$\{(\w+)\}/g, (whole, name: string) => process.env[name] ?? whole)
    .replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole)
}

function tokensOf(context: TokenContext): Readonly<Record<string, string>> {
  const local = hostname()
  const jump = context.jump === 'none' ? '' : context.jump
  const { alias, user, home, localUser } = context
  const connection = local + context.hostname + context.port + user + jump
  return {
    '%': '%',
    C: createHash('sha1').update(connection).digest('hex'),
    d: home,
    h: context.hostname,
    i: String(process.getuid?.() ?? ''),
    j: jump,
    k: context.hostKeyAlias ?? alias,
    L: local.split('.')[0] ?? local,
    l: local,
    n: alias,
    p: String(context.port),
    r: user,
    u: localUser,
  }
}

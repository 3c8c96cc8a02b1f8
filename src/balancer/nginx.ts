import { createHash } from 'node:crypto'
import type { RunResult } from '../connection/connection.js'
import { type NginxWorkers, parseWorkers } from '../scripts/service/nginx-workers.js'
import { readUpstream, tryUpstream, writeUpstream } from '../scripts/service/upstream.js'
import { codes } from '../scripts/shell/codes.js'
import type { Script } from '../scripts/shell/shell.js'
import { type Balancer, BalancerError, type BalancerProblem, type Moment, type ServerState } from './balancer.js'
import { problemsOf } from './haproxy.js'
import type { Machine } from './machine.js'

interface Nginx {
  readonly door: Machine
  readonly upstreamFile: string
  readonly test: string
  readonly reload: string
  /** By host: an address, with or without its port. */
  readonly servers: ReadonlyMap<string, string>
  /**
   * All users are moved by one reload: that nginx has taken it is to be seen of its worker processes, and what a server has left
   * is what those of before have to answer.
   */
  readonly watched?: boolean
}

interface Seen {
  readonly text: string
  /** null: nobody looked, or none is seen. */
  readonly workers: NginxWorkers | null
}

const patience = 120_000

/** An nginx whose upstream servers stand in a file: those that are out of service are marked `down`. */
export function nginx({ door, upstreamFile: file, test, reload, servers, watched = false }: Nginx): Balancer {
  const name = `nginx ${door.host.name} ${file}`
  const addressOf = (host: string) => servers.get(host) ?? host
  const addresses = [...servers.values()]

  const run = async (script: Script): Promise<RunResult> => {
    const connection = await door.open().catch(error => {
      throw new BalancerError(`the balancer ${door.host.name} was not reached: ${error.message}`, { cause: error })
    })
    return connection.run(script, { timeout: patience })
  }
  const look = async (): Promise<Seen> => {
    const result = await run(readUpstream(file, watched))
    if (result.code !== 0)
      throw new BalancerError(`${name} cannot be read: ${said(result)}`, {
        fix: `is ${file} there on ${door.host.name}?`,
      })
    const text = result.stdout.toString('utf8')
    if (!watched) return { text, workers: null }
    const end = text.indexOf('\n')
    return { text: text.slice(end + 1), workers: parseWorkers(text.slice(0, end)) }
  }
  const mark = async (marked: (text: string) => string): Promise<Moment> => {
    const { text: before, workers } = await look()
    const text = marked(before)
    const from = performance.now()
    if (text === before && (workers?.unread ?? null) === null) return { from, to: from }
    const told = { file, was: digestOf(before), becomes: digestOf(text), test, reload, seen: watched }
    const result = await run(writeUpstream(told, Buffer.from(text)))
    if (result.code !== 0) throw new BalancerError(`${name} was not changed: ${said(result)}`)
    return momentOf(result, from)
  }
  const missing = (address: string) => ({
    text: `${name} has no line \`server ${address} …;\``,
    fix: watched
      ? "write one for each port of each host; how they are called there is said by balancer: { nginx: { server: '10.0.0.1:$CLONEDEPLOY_PORT' } }"
      : "say how hosts are called there: balancer: { nginx: { server: '10.0.0.1:$PORT' } }, or an address for each host",
  })
  const unseen = ({ workers }: Seen): readonly BalancerProblem[] => {
    if (!watched) return []
    const { host } = door
    if (workers === null || workers.active === 0)
      return [
        {
          text: `${name}: no worker process of nginx is seen on ${host.name}, so whether it takes a reload would not be known`,
          fix: `on ${host.name}: is nginx running, and may the login see its processes (hidepid)?`,
        },
      ]
    if (workers.unread === null) return []
    const text = `${name}: it was changed ${workers.unread} s ago, and nginx has not read it since: where it sends users is not known`
    return [{ text, fix: `${reload}     (on ${host.name})` }]
  }
  const untold = async (): Promise<readonly BalancerProblem[]> => {
    const result = await run(tryUpstream({ file, test }))
    if (result.code === 0) return []
    const text = `${name} could not be changed: ${said(result)}`
    return [
      { text, fix: `on ${door.host.name}: may the login write the file and its folder, and does \`${test}\` pass?` },
    ]
  }
  return {
    name,
    brand: 'nginx',
    counts: watched ? 'old workers' : 'sessions',
    hosts: [...servers.keys()],
    maintains: false,
    serverOf: addressOf,
    putBack: host => `take \`down\` off ${addressOf(host)} in ${file} on ${door.host.name}, then: ${reload}`,
    async read(hosts) {
      const { text, workers } = await look()
      const states = readUpstreams(text, addresses, workers?.old ?? null)
      return new Map(
        hosts.map(host => {
          const state = states.get(addressOf(host))
          if (state === undefined) throw new BalancerError(missing(addressOf(host)).text)
          return [host, state]
        }),
      )
    },
    tell: (hosts, wanted, away = []) =>
      mark(text => {
        const told = markServers(text, hosts.map(addressOf), wanted !== 'ready')
        return markServers(told, away.map(addressOf), true)
      }),
    check: () =>
      problemsOf(async () => {
        const seen = await look()
        const states = readUpstreams(seen.text, addresses)
        const problems = [...unseen(seen), ...addresses.filter(address => !states.has(address)).map(missing)]
        return problems.length > 0 ? problems : await untold()
      }),
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** From the reload until nginx was seen to have taken it; where nobody looked, all that it took. */
function momentOf(result: RunResult, from: number): Moment {
  const to = performance.now()
  const took = /^took (\d+)$/m.exec(result.stdout.toString('utf8'))?.[1]
  return { from: took === undefined ? from : Math.max(from, to - Number(took)), to }
}

function said(result: RunResult): string {
  if (result.code === null) return result.lost?.message ?? 'the connection was lost'
  if (result.code === codes.currentChanged) return 'somebody else changed the file at the same moment'
  const lines = `${result.stdout}\n${result.stderr}`
    .split('\n')
    .filter(text => text.trim() !== '' && !/^exit \d+$/.test(text))
  return lines.at(-1) ?? `exit code ${result.code}`
}

const line = /^(\s*server\s+)(\S+?)((?:\s+[^;#]*?)?)(\s*;.*)$/

/** The text with the `server` lines of these addresses marked `down`, or no more; every other byte as it was. */
export function markServers(text: string, addresses: readonly string[], down: boolean): string {
  return text
    .split('\n')
    .map(whole => {
      const [, start = '', address = '', words = '', end = ''] = line.exec(whole) ?? []
      if (!addresses.some(wanted => isMeant(address, wanted))) return whole
      const others = words.replaceAll(/\s+down(?=\s|$)/g, '')
      return `${start}${address}${others}${down ? ' down' : ''}${end}`
    })
    .join('\n')
}

/** By the address that was asked for; those without a line are not there. `old`: workers that may have something to answer for who is `down`. */
export function readUpstreams(
  text: string,
  addresses: readonly string[],
  old: number | null = null,
): ReadonlyMap<string, ServerState> {
  const lines = text.split('\n').flatMap(whole => {
    const found = line.exec(whole)
    return found === null ? [] : [{ address: found[2] ?? '', words: (found[3] ?? '').split(/\s+/) }]
  })
  return new Map(
    addresses.flatMap(address => {
      const own = lines.filter(one => isMeant(one.address, address))
      if (own.length === 0) return []
      const down = own.every(({ words }) => words.includes('down'))
      return [[address, { state: down ? 'drain' : 'ready', up: !down, sessions: down ? old : null }] as const]
    }),
  )
}

/** `10.0.0.1` means it with any port, `10.0.0.1:3000` only with that one. */
function isMeant(address: string, wanted: string): boolean {
  if (address === '' || wanted === '') return false
  return address === wanted || (address.startsWith(`${wanted}:`) && /^\d+$/.test(address.slice(wanted.length + 1)))
}

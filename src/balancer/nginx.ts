import { createHash } from 'node:crypto'
import type { RunResult } from '../connection/connection.js'
import { readUpstream, writeUpstream } from '../scripts/service/upstream.js'
import { codes } from '../scripts/shell/codes.js'
import type { Script } from '../scripts/shell/shell.js'
import { type Balancer, BalancerError, type ServerState } from './balancer.js'
import { problemsOf } from './haproxy.js'
import type { Machine } from './machine.js'

interface Nginx {
  readonly door: Machine
  readonly upstreamFile: string
  readonly test: string
  readonly reload: string
  /** By host: an address, with or without its port. */
  readonly servers: ReadonlyMap<string, string>
}

const patience = 60_000

/** An nginx whose upstream servers stand in a file: those that are out of service are marked `down`. */
export function nginx({ door, upstreamFile: file, test, reload, servers }: Nginx): Balancer {
  const name = `nginx ${door.host.name} ${file}`
  const addressOf = (host: string) => servers.get(host) ?? host
  const addresses = [...servers.values()]

  const run = async (script: Script): Promise<RunResult> => {
    const connection = await door.open().catch(error => {
      throw new BalancerError(`the balancer ${door.host.name} was not reached: ${error.message}`, { cause: error })
    })
    return connection.run(script, { timeout: patience })
  }
  const readText = async () => {
    const result = await run(readUpstream(file))
    if (result.code === 0) return result.stdout
    throw new BalancerError(`${name} cannot be read: ${said(result)}`, {
      fix: `is ${file} there on ${door.host.name}?`,
    })
  }
  const mark = async (hosts: readonly string[], down: boolean) => {
    const before = await readText()
    const text = markServers(before.toString('utf8'), hosts.map(addressOf), down)
    const from = performance.now()
    if (text === before.toString('utf8')) return { from, to: from }
    const was = createHash('sha256').update(before).digest('hex')
    const result = await run(writeUpstream({ file, was, test, reload }, Buffer.from(text)))
    if (result.code !== 0) throw new BalancerError(`${name} was not changed: ${said(result)}`)
    return { from, to: performance.now() }
  }
  const missing = (address: string) => ({
    text: `${name} has no line \`server ${address} …;\``,
    fix: "say how hosts are called there: balancer: { nginx: { server: '10.0.0.1:$PORT' } }, or an address for each host",
  })
  return {
    name,
    brand: 'nginx',
    hosts: [...servers.keys()],
    maintains: false,
    serverOf: addressOf,
    putBack: host => `take \`down\` off ${addressOf(host)} in ${file} on ${door.host.name}, then: ${reload}`,
    async read(hosts) {
      const states = readUpstreams((await readText()).toString('utf8'), addresses)
      return new Map(
        hosts.map(host => {
          const state = states.get(addressOf(host))
          if (state === undefined) throw new BalancerError(missing(addressOf(host)).text)
          return [host, state]
        }),
      )
    },
    tell: (hosts, wanted) => mark(hosts, wanted !== 'ready'),
    check: () =>
      problemsOf(async () => {
        const states = readUpstreams((await readText()).toString('utf8'), addresses)
        return addresses.filter(address => !states.has(address)).map(missing)
      }),
  }
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

/** By the address that was asked for; those without a line are not there. */
export function readUpstreams(text: string, addresses: readonly string[]): ReadonlyMap<string, ServerState> {
  const lines = text.split('\n').flatMap(whole => {
    const found = line.exec(whole)
    return found === null ? [] : [{ address: found[2] ?? '', words: (found[3] ?? '').split(/\s+/) }]
  })
  return new Map(
    addresses.flatMap(address => {
      const own = lines.filter(one => isMeant(one.address, address))
      if (own.length === 0) return []
      const down = own.every(({ words }) => words.includes('down'))
      return [[address, { state: down ? 'drain' : 'ready', up: !down, sessions: null }] as const]
    }),
  )
}

/** `10.0.0.1` means it with any port, `10.0.0.1:3000` only with that one. */
function isMeant(address: string, wanted: string): boolean {
  if (address === '' || wanted === '') return false
  return address === wanted || (address.startsWith(`${wanted}:`) && /^\d+$/.test(address.slice(wanted.length + 1)))
}

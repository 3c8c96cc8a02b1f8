import type { ServerState } from './balancer.js'

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

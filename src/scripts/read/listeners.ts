import { enter } from '../shell/fence.js'
import { type Script, script, sh } from '../shell/shell.js'
import { eachLiving } from './processes.js'

/** A TCP port that something on the host listens on. */
export interface Listener {
  /** `127.0.0.1`, `::1`, or `*` for all. */
  readonly address: string
  readonly port: number
  /** Whose it is, as far as that can be told: a process that lives in `deployTo`, one of the login (who is not root), or any. */
  readonly of: 'app' | 'login' | 'host'
}

/** Lists what listens on the host, and which sockets belong to processes that live in `deployTo`. Changes nothing. */
export function listeners(root: string): Script {
  return script('listeners', [
    enter(root),
    sh`printf 'login %s\n' "$(id -u)"
here=$(pwd -P)
${eachLiving(sh`"$here"`, sh`echo "$p"`)} | sort -u | while read -r p; do
  ls -l "/proc/$p/fd" 2>/dev/null | sed -n 's/^.* -> socket:\[\([0-9]*\)\]$/socket \1/p'
done
grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r n l m s a b c u d i r; do
  [ "$s" != 0A ] || printf 'listens %s %s %s\n' "$l" "$u" "$i"
done
exit 0`,
  ])
}

export function parseListeners(stdout: Buffer): readonly Listener[] {
  const lines = stdout.toString('latin1').split('\n')
  const login = lines.find(line => line.startsWith('login '))?.slice(6) ?? '0'
  const sockets = new Set(lines.flatMap(line => (line.startsWith('socket ') ? [line.slice(7)] : [])))
  const found = lines.flatMap(line => {
    const [, hex, port, uid, inode] = /^listens ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) (\d+) (\d+)$/.exec(line) ?? []
    if (hex === undefined || port === undefined) return []
    const of = sockets.has(inode ?? '') ? 'app' : uid === login && login !== '0' ? 'login' : 'host'
    return [{ address: addressOf(hex), port: Number.parseInt(port, 16), of } as const]
  })
  return [...new Map(found.map(one => [`${one.address} ${one.port} ${one.of}`, one])).values()]
}

/** As /proc/net/tcp writes them: words of 32 bits, the least byte first. */
function addressOf(hex: string): string {
  const bytes =
    hex.match(/.{8}/g)?.flatMap(word => (word.match(/../g) ?? []).reverse().map(two => Number.parseInt(two, 16))) ?? []
  if (bytes.every(byte => byte === 0)) return '*'
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.slice(0, 10).every(byte => byte === 0) && bytes[10] === 255) return bytes.slice(12).join('.')
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  )
  return groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::')
}

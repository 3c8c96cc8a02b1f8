import { codes } from '../shell/codes.js'
import { type ShellText, sh } from '../shell/shell.js'

/** Bytes of files from which on OpenSSL hashes faster, its start included, and zstd is worth having. */
export const many = 4e6

/** The program of a host that unpacks a payload, with `-dc`. */
export type Zip = 'gzip' | 'zstd'

/** A payload (build/payload.ts makes it), and what the script has to know of it. */
export interface Arrival {
  readonly data: Uint8Array
  readonly zip: Zip
  /** How much arrives: files with their bytes, links, folders. */
  readonly files: number
  readonly bytes: number
  readonly links: number
  readonly folders: number
  /** Paths (with ./) of the files, where they are few, small and plain. */
  readonly names: readonly string[] | null
  /** Files, links and folders of the whole release. */
  readonly entries: number
  /** What is new where all else is linked: files that arrive, and all folders of the release. */
  readonly unlinked: number
  /** sha256 (hex) of what arrives, as `arrived` prints it on a host: modes and sizes, contents, targets. */
  readonly sum: string
}

/** Everything was sent: nothing else may be there. */
export function wholeArrived(payload: Arrival): ShellText {
  return sh`[ "$(entries "$T")" -eq ${payload.entries} ] || { echo 'there are more or fewer entries than in the manifest'; exit ${codes.notIntact}; }
${arrived(payload)}`
}

/** Reads what arrived again: modes and sizes, contents and targets. */
export function arrived({ files, names, links, folders, sum }: Arrival): ShellText {
  return sh`arrived() {
  cd "$T" || return
  ${files > 0 ? (names === null ? byList : byName(names)) : sh`:`}
  ${links > 0 ? sh`targets "$(newline "$own")" <"$I/links"` : sh`:`}
}
folders() { cd "$T" && xargs -0 sh -c 'for d do [ -d "$d" ] && [ ! -L "$d" ] && echo; done' sh <"$I/folders" | wc -l; }
same() { [ "$(arrived | sha256sum)" = ${`${sum}  -`} ]; }
{ same || { setmodes; same; }; } ${folders > 0 ? sh`&& [ "$(folders)" -eq ${folders} ]` : sh``} ||
  { intact "$own" "$T" && echo 'what arrived is not what was sent'; exit ${codes.notIntact}; }`
}

const byList = sh`xargs -0 stat -c '%f %s' -- <"$I/files"; sums <"$I/files"`

function byName(names: readonly string[]): ShellText {
  return sh`stat -c '%f %s' -- ${names}; sha256sum -- ${names}`
}

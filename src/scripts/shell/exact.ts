import { type ShellText, sh } from './shell.js'

/** What `dd` takes at once: as much as a pipe holds. */
const block = 65_536

/**
 * Shell text that copies exactly so many bytes of its stdin, and leaves the rest of it to whoever reads next: `head -c` of
 * busybox reads ahead and loses what it has no use for.
 */
export function exactly(bytes: number): ShellText {
  const blocks = Math.floor(bytes / block)
  const rest = bytes % block
  if (blocks === 0) return sh`dd bs=${rest} count=1 iflag=fullblock 2>/dev/null`
  if (rest === 0) return sh`dd bs=${block} count=${blocks} iflag=fullblock 2>/dev/null`
  return sh`{ dd bs=${block} count=${blocks} iflag=fullblock && dd bs=${rest} count=1 iflag=fullblock; } 2>/dev/null`
}

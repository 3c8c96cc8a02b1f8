import { type ShellText, sh } from './shell.js'

/** Flushes the file system of `deployTo`, with what everybody else has written there. */
export const flushAll = sh`{ sync -f . 2>/dev/null || sync; }`

/**
 * Flushes files (what is in them) and folders (what names they hold), and waits for nobody else's. A `sync` that knows no
 * names flushes everything; where one of them cannot be flushed, the file system is.
 */
export function flush(...names: readonly (string | ShellText)[]): ShellText {
  return sh`sync ${names} 2>/dev/null || ${flushAll}`
}

/**
 * `crowded COUNT`: whether so much waits to be written on this machine that so many names are flushed sooner than a file
 * system: a disk writes some 512 KiB while it flushes one. On a host that writes little else, all at once is the quicker way.
 */
export const crowdedFunction = sh`crowded() {
  w=0
  { while read -r k v l; do case $k in Dirty:) w=$v ;; Writeback:) w=$((w+v)); break ;; esac; done </proc/meminfo; } 2>/dev/null
  [ "$w" -gt "$(($1*512))" ]
}`

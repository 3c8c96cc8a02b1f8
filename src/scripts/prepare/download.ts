import { type ShellText, sh } from '../shell/shell.js'
import { type Expected, receive } from './receive.js'

/** The programs that can fetch from a store without an address among their arguments, and check who answers it. */
export type Fetcher = 'curl' | 'wget'

/** What a host that fetches from a store needs. */
export interface Download extends Expected {
  readonly by: Fetcher
  /** Where the payload lies. Whoever has it can read that, so it is the input of the script, and in no list of processes. */
  readonly address: string
}

/** Seconds for a connection, and for a sign of life; bytes a second that a store has to bring at least. */
export const storePatience = { connects: 5, silence: 20, slowest: 25_000 } as const
const { connects, silence, slowest } = storePatience
/** Seconds that it has in all: a push has to find its time, too. */
const longest = 600

/** What the script that downloads reads from stdin: a configuration of curl, or a list of addresses. */
export function downloadInput({ by, address }: Download): Uint8Array {
  if (/["\\\s]/.test(address)) throw new Error('an address that cannot be written into a configuration of curl')
  return Buffer.from(by === 'curl' ? `url = "${address}"\n` : `${address}\n`)
}

/** Shell text that brings the payload from a store to the end of `$I/payload`, as `receive` does. stdin: `downloadInput`. */
export function download({ by, sum, size }: Download): ShellText {
  const seconds = Math.min(longest, silence + Math.ceil(size / slowest))
  // A job in the background reads from nowhere, unless it is given another descriptor.
  return sh`exec 3<&0
${receive({ sum, size }, { command: by === 'curl' ? curl(seconds) : wget(seconds), program: by, input: sh`<&3` })}exec 3<&-
`
}

/** `-q` comes first: what its user has configured does not count. It follows no address but the one it was given. */
function curl(seconds: number): ShellText {
  const speed = ['--speed-limit', slowest, '--speed-time', silence]
  return sh`curl -q -sSfg --connect-timeout ${connects} ${speed} --max-time ${seconds} -K -`
}

/** It ends by itself only when nothing comes. */
function wget(seconds: number): ShellText {
  const options = ['--no-config', '--tries=1', '--max-redirect=0', `--connect-timeout=${connects}`]
  const patience = [`--dns-timeout=${connects}`, `--read-timeout=${silence}`]
  return sh`timeout ${seconds} wget -q ${options} ${patience} -O - -i -`
}

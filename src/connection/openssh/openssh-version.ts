import { execFile } from 'node:child_process'

/** `[9, 2]`; null when this machine has no ssh of OpenSSH's. */
export type OpensshVersion = readonly [number, number] | null

/** Asks the system's ssh. */
export function opensshVersion(): Promise<OpensshVersion> {
  return askVersion().then(parseVersion, () => null)
}

/** Whether this machine has any ssh, to read a configuration with. */
export function hasSsh(): Promise<boolean> {
  return askVersion().then(
    () => true,
    error => error.code !== 'ENOENT',
  )
}

function askVersion(): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('ssh', ['-V'], { timeout: 20_000 }, (error, stdout, stderr) =>
      error ? reject(error) : resolve(`${stderr}${stdout}`),
    )
  })
}

export function parseVersion(text: string): OpensshVersion {
  const found = /OpenSSH\S*?_(\d+)\.(\d+)/.exec(text)
  return found ? [Number(found[1]), Number(found[2])] : null
}

export function atLeast(version: OpensshVersion, [major, minor]: readonly [number, number]): boolean {
  if (version === null) return false
  return version[0] > major || (version[0] === major && version[1] >= minor)
}

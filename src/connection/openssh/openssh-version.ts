import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** `[9, 2]`; null when this machine has no ssh of OpenSSH's. */
export type OpensshVersion = readonly [number, number] | null

/** Asks the system's ssh. */
export function opensshVersion(): Promise<OpensshVersion> {
  return askVersion().then(parseVersion, () => null)
}

/** Whether this machine has any ssh, to read a configuration with: looked up, which starts no process. */
export function hasSsh(): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(dir => isProgram(join(dir, 'ssh')))
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
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

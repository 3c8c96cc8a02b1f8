import type { Client, SFTPWrapper } from 'ssh2'
import type { Files } from './connection.js'
import { TimeoutError } from './errors.js'
import type { Traffic } from './live.js'

type Done<T> = (error: Error | null | undefined, answer: T) => void

/** Starts SFTP on a connection. Null where the host has none, none that renames as POSIX does, or no session left. */
export async function openSftp(client: Client, traffic: Traffic): Promise<Files | null> {
  try {
    const sftp = await answer<SFTPWrapper>(5000, done => client.sftp(done))
    // What its start-up files print ends it; without a listener, that would end this process.
    sftp.on('error', () => {})
    return files(sftp, traffic)
  } catch {
    return null
  }
}

/** Bytes of its messages, without the paths: lengths, types, ids and the name of the extension. */
const READLINK = 13
const RENAME = 45

function files(sftp: SFTPWrapper, traffic: Traffic): Files {
  const ask = <T>(timeout: number, bytes: number, paths: readonly string[], start: (done: Done<T>) => void) => {
    traffic.sent += paths.reduce((sum, path) => sum + Buffer.byteLength(path), bytes)
    return answer(timeout, start)
  }
  return {
    readlink: (path, timeout) =>
      ask<string>(timeout, READLINK, [path], done => sftp.readlink(path, done)).catch(() => null),
    rename: (from, to, timeout) =>
      ask<unknown>(timeout, RENAME, [from, to], done =>
        sftp.ext_openssh_rename(from, to, error => done(error, null)),
      ).then(
        () => true,
        error => (error instanceof TimeoutError ? null : false),
      ),
  }
}

function answer<T>(timeout: number, ask: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError('SFTP did not answer in time')), timeout)
    ask((error, value) => {
      clearTimeout(timer)
      if (error) reject(error)
      else resolve(value)
    })
  })
}

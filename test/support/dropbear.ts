import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { bring, busyboxRoot, entering, unshare } from './busybox-host.js'
import { installed } from './installed.js'
import { freePort } from './ports.js'

/** A host as small as they come: dropbear and busybox, and nothing else. */
export interface DropbearHost {
  /** What the inventory says of it, beside its name and folder. */
  readonly login: { readonly host: string; readonly port: number; readonly user: string; readonly hostKey: string }
  /** Its folder, for `deployTo`. */
  readonly folder: string
  readonly stop: () => Promise<void>
}

/** Lets in who has the private half of this key. */
export async function startDropbear(publicKeyFile: string): Promise<DropbearHost> {
  const root = busyboxRoot()
  const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-dropbear-'))
  bring(root, installed('dropbear'))
  mkdirSync(join(root, 'root/.ssh'), { mode: 0o700 })
  copyFileSync(publicKeyFile, join(root, 'root/.ssh/authorized_keys'))
  chmodSync(join(root, 'root/.ssh/authorized_keys'), 0o600)
  chmodSync(root, 0o755)
  const made = execFileSync('dropbearkey', ['-t', 'ed25519', '-f', join(root, 'etc/key')], {
    encoding: 'utf8',
    stdio: 'pipe',
  })
  const key = /^ssh-ed25519 (\S+)/m.exec(made)?.[1] ?? ''
  const port = await freePort()
  // All that runs on the host ends with it.
  const [file = '', ...args] = [...unshare, '--pid', '--fork', '--kill-child']
  const text = `${entering(root)} /bin/dropbear -F -E -s -r /etc/key -p 127.0.0.1:${port}`
  const child = spawn(file, [...args, 'sh', '-c', text], { stdio: ['ignore', 'ignore', 'pipe'] })
  const gone = once(child, 'exit')
  let said = ''
  child.stderr.on('data', chunk => {
    said += chunk
  })
  await vi
    .waitFor(() => answers(port), { timeout: 300_000 })
    .catch(() => {
      throw new Error(`dropbear does not start:\n${said}`)
    })
  const print = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')
  return {
    login: { host: '127.0.0.1', port, user: 'root', hostKey: `SHA256:${print}` },
    folder,
    async stop() {
      child.kill('SIGKILL')
      await gone
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function answers(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })
}

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { vi } from 'vitest'
import { installed } from './installed.js'
import { freePort } from './ports.js'

/** A real nginx in front of servers that its upstream file names. */
export interface TestNginx {
  readonly upstreamFile: string
  readonly test: string
  readonly reload: string
  readonly url: string
  readonly port: number
  readonly text: () => string
  readonly write: (text: string) => void
  /** The addresses that the file sends users to. */
  readonly live: () => readonly string[]
  /** From now on it takes no reload, and `test` does not find that out: somebody else has a port that it is to listen on. */
  readonly listenOn: (...ports: readonly number[]) => void
  /** What its workers are called. */
  readonly workers: () => Promise<readonly string[]>
  readonly stop: () => Promise<void>
}

/** `down`: of these servers, those that nobody is sent to. */
export async function nginxBefore(servers: readonly string[], down: readonly string[]): Promise<TestNginx> {
  const program = installed('nginx')
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-nginx-'))
  const [conf, upstreamFile, log] = ['nginx.conf', 'upstream.conf', 'error.log'].map(name => join(dir, name)) as [
    string,
    string,
    string,
  ]
  const port = await freePort()
  const flags = ['-p', dir, '-c', conf, '-e', log]
  const listenOn = (...more: readonly number[]) =>
    writeFileSync(conf, configuration(dir, upstreamFile, [port, ...more]))
  const lines = servers.map(one => `  server ${one}${down.includes(one) ? ' down' : ''};`)
  writeFileSync(upstreamFile, `upstream web {\n${lines.join('\n')}\n}\n`)
  listenOn()
  const child: ChildProcess = spawn(program, flags, { stdio: 'ignore' })
  const killNow = () => child.kill('SIGKILL')
  process.once('exit', killNow)
  const url = `http://127.0.0.1:${port}/`
  await vi.waitFor(() => fetch(url, { headers: { connection: 'close' } }), { timeout: 300_000, interval: 20 })
  const text = () => readFileSync(upstreamFile, 'utf8')
  return {
    upstreamFile,
    test: [program, '-t', ...flags].join(' '),
    reload: [program, '-s', 'reload', ...flags].join(' '),
    url,
    port,
    text,
    write: told => writeFileSync(upstreamFile, told),
    live: () => [...text().matchAll(/server (\S+);/g)].map(([, address]) => address ?? ''),
    listenOn,
    async workers() {
      const { stdout } = await promisify(execFile)('ps', ['-o', 'args=', '--ppid', String(child.pid)])
      return stdout.trim().split('\n')
    },
    async stop() {
      process.off('exit', killNow)
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function configuration(dir: string, upstreamFile: string, ports: readonly number[]): string {
  const listen = ports.map(port => `listen 127.0.0.1:${port};`).join(' ')
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${dir}/${name};`)
  return `daemon off; worker_processes 2; pid ${dir}/pid;
events {}
http {
  access_log off;
  ${folders.join(' ')}
  include ${upstreamFile};
  server { ${listen} location / { proxy_pass http://web; } }
}
`
}

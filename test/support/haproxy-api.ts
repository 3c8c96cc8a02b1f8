import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type State = 'ready' | 'drain' | 'maint'

/** The runtime API as HAProxy 2.6 speaks it, with nothing behind it: the backend `web` with the servers h1 … hN. */
export interface HaproxyApi {
  readonly socket: string
  /** `h1 drain`: every change that was asked for, in order. */
  readonly changes: string[]
  readonly states: () => readonly State[]
  readonly set: (i: number, state: State) => void
  /** Closes its socket: nobody can ask it any more. */
  readonly die: () => Promise<void>
  readonly revive: () => Promise<void>
  readonly stop: () => Promise<void>
}

export async function startHaproxyApi(hosts: number): Promise<HaproxyApi> {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-haproxy-api-'))
  const socket = join(dir, 'admin.sock')
  const servers = new Map<string, State>(Array.from({ length: hosts }, (_, n) => [`h${n + 1}`, 'ready']))
  const changes: string[] = []
  const answer = (command: string): string => {
    const [, server = '', state] = /^set server web\/(\S+) state (ready|drain|maint)$/.exec(command) ?? []
    if (state === undefined) return read(command, servers)
    if (!servers.has(server)) return 'No such server.\n'
    servers.set(server, state as State)
    changes.push(`${server} ${state}`)
    return ''
  }
  const listener = createServer(client => {
    client.on('error', () => {})
    client.once('data', line =>
      client.end(
        `${line}`
          .trim()
          .split(';')
          .map(one => `${answer(one)}\n`)
          .join(''),
      ),
    )
  })
  const revive = () => new Promise<void>(resolve => listener.listen(socket, resolve))
  const die = () => new Promise<void>(resolve => listener.close(() => resolve()))
  await revive()
  return {
    socket,
    changes,
    states: () => [...servers.values()],
    set: (i, state) => void servers.set(`h${i}`, state),
    die,
    revive,
    async stop() {
      await die()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function read(command: string, servers: ReadonlyMap<string, State>): string {
  const names = [...servers.keys()]
  if (command === 'show cli level') return 'admin\n'
  if (command === 'show stat web 4 -1')
    return ['# pxname,svname,qcur,qmax,scur,smax', ...names.map(name => `web,${name},0,0,0,0`), ''].join('\n')
  if (command !== 'show servers state web') return "Can't find backend.\n"
  const bits: Readonly<Record<State, number>> = { ready: 0, drain: 8, maint: 1 }
  return `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight
${names.map((name, n) => `3 web ${n + 1} ${name} 127.0.0.1 2 ${bits[servers.get(name) ?? 'ready']} 1 1\n`).join('')}`
}

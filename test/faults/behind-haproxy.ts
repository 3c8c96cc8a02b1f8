import { afterAll, beforeAll } from 'vitest'
import { haproxyBefore, type TestHaproxy } from '../support/haproxy.js'
import { type Door, doorTo } from './door.js'
import type { Hosts } from './hosts.js'
import { onPorts, type Ported } from './ported.js'

/** A fleet with a process for each of two ports of a host, which serves `old` behind a real HAProxy. */
export interface BehindHaproxy extends Ported {
  readonly haproxy: TestHaproxy
  /** The way to HAProxy's socket. */
  readonly door: Door
  /** The ports of a host that HAProxy sends users to. */
  readonly ready: (i: number) => Promise<readonly number[]>
  /** What HAProxy's users of a host are answered. */
  readonly answered: (i: number) => Promise<string>
  /** The answers to users that come one after the other, until `over`. */
  readonly users: (over: Promise<unknown>) => Promise<readonly string[]>
}

export function onPortsBehindHaproxy(hosts: Hosts): BehindHaproxy {
  const here = {} as { haproxy: TestHaproxy; door: Door }
  const ready = async (i: number) => {
    const states = await here.haproxy.states()
    return ported.portsOf(i).filter((_, n) => states[(i - 1) * 2 + n] === 'ready')
  }
  const ported = onPorts(hosts, {
    balancer: () => ({ haproxy: { host: 'h1', socket: here.door.socket, backend: 'web' } }),
    ready,
    async reset() {
      here.door.open()
      const servers = hosts.all.flatMap(i => ported.portsOf(i).map(port => `set server web/h${i}-${port} state ready`))
      await here.haproxy.ask(servers.join(';'))
    },
  })
  beforeAll(async () => {
    const servers = hosts.all.flatMap(i => ported.portsOf(i).map(port => `h${i}-${port} 127.0.0.1:${port}`))
    here.haproxy = await haproxyBefore(servers)
    here.door = await doorTo(here.haproxy.socket)
  })
  afterAll(async () => {
    here.door?.remove()
    await here.haproxy?.stop()
  })
  return {
    ...ported,
    get haproxy() {
      return here.haproxy
    },
    get door() {
      return here.door
    },
    ready,
    async answered(i) {
      const [port] = await ready(i)
      return (await fetch(`http://127.0.0.1:${port}/health`)).text()
    },
    async users(over) {
      const answers: string[] = []
      const ended = { now: false }
      over.finally(() => {
        ended.now = true
      })
      while (!ended.now) {
        const response = await fetch(here.haproxy.url)
        answers.push(response.ok ? await response.text() : String(response.status))
      }
      return answers
    },
  }
}

import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { listens } from './listens.js'
import { freePort, start, until } from './processes.js'

/** HAProxy with the configuration of this example; the address for users. */
export async function startHaproxy(dir, hosts, keep) {
  const port = await freePort()
  const addresses = hosts.flatMap(({ name, port, ports: [a, b] }) => {
    const variable = name.toUpperCase().replace('-', '_')
    return [
      [variable, `127.0.0.1:${port}`],
      [`${variable}_A`, `${a}`],
      [`${variable}_B`, `${b}`],
    ]
  })
  const env = { RUN: dir, PORT: `${port}`, ...Object.fromEntries(addresses) }
  const config = join(import.meta.dirname, '../haproxy.cfg')
  const haproxy = keep(start('haproxy', ['-db', '-f', config], { log: join(dir, 'haproxy.log'), env }))
  await until(() => listens(port), haproxy)
  return `http://127.0.0.1:${port}`
}

/** Waits until HAProxy has seen these servers of the two ports answer. */
export async function untilUp(socket, names) {
  const rows = async () => (await ask(socket, 'show stat ports 4 -1')).split('\n').map(row => row.split(','))
  const isUp = ([, name, ...rest]) => names.includes(name) && rest[15] === 'UP'
  while ((await rows()).filter(isUp).length < names.length) await sleep(50)
}

/** Takes the servers of the one port of each host out: HAProxy sends users to the two ports from now on. Waits until those who were there have had their answers. */
export async function takeOut(socket, hosts) {
  await ask(socket, hosts.map(({ name }) => `set server web/${name} state maint`).join(';'))
  const sessions = async () => (await ask(socket, 'show stat web 4 -1')).trim().split('\n').slice(1)
  while (!(await sessions()).every(row => row.split(',')[4] === '0')) await sleep(50)
}

async function ask(socket, commands) {
  const connection = connect(socket)
  connection.end(`${commands}\n`)
  return text(connection)
}

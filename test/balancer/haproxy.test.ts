import { describe, expect, it } from 'vitest'
import { readServers } from '../../src/balancer/haproxy-socket.js'

/** As HAProxy 2.6 answers, shortened to the columns that count. */
function answer(
  servers: readonly (readonly [name: string, op: number, admin: number, weight: number, busy: number])[],
) {
  return `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight
${servers.map(([name, op, admin, weight], i) => `3 web ${i + 1} ${name} 127.0.0.1 ${op} ${admin} ${weight} 1`).join('\n')}
4 other 1 h1 127.0.0.1 0 1 1 1

# pxname,svname,qcur,qmax,scur,smax
${servers.map(([name, , , , busy]) => `web,${name},1,9,${busy},9`).join('\n')}
other,h1,9,9,9,9

`
}

describe('a server of HAProxy', () => {
  it.each([
    ['runs', 2, 0, 1, { state: 'ready', up: true }],
    ['starts slowly', 1, 0, 1, { state: 'ready', up: true }],
    ['is down by its check', 0, 0, 1, { state: 'ready', up: false }],
    ['ends softly', 3, 0, 1, { state: 'ready', up: false }],
    ['is drained', 2, 8, 1, { state: 'drain', up: false }],
    ['is drained with another', 2, 16, 1, { state: 'drain', up: false }],
    ['has no weight', 2, 0, 0, { state: 'drain', up: false }],
    ['is in maintenance', 0, 1, 1, { state: 'maint', up: false }],
    ['is in maintenance with another', 0, 2, 1, { state: 'maint', up: false }],
    ['has no address by DNS', 0, 32, 1, { state: 'maint', up: false }],
    ['was disabled in the file and enabled since', 2, 4, 1, { state: 'ready', up: true }],
    ['is drained in maintenance', 0, 9, 1, { state: 'maint', up: false }],
  ])('that %s is read so', (_, op, admin, weight, expected) => {
    const text = answer([['h1', op as number, admin as number, weight as number, 2]])
    expect(readServers(text, 'web').get('h1')).toEqual({ ...(expected as object), sessions: 3 })
  })

  it('of another backend is not taken for it, and an answer that is none has no servers', () => {
    expect([...readServers(answer([['h2', 2, 0, 1, 0]]), 'web').keys()]).toEqual(['h2'])
    expect(readServers("Can't find backend.\n\n", 'web').size).toBe(0)
  })
})

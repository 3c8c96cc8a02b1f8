import { describe, expect, it } from 'vitest'
import type { Connects } from '../../src/balancer/machine.js'
import { openBalancers } from '../../src/balancer/open.js'
import type { Config } from '../../src/config/config.js'
import { UsageError } from '../../src/errors.js'

const haproxy = {
  kind: 'haproxy',
  hosts: [{ name: 'lb-1', host: 'lb-1', roles: [], deployTo: '/', env: {} }],
  backends: ['web'],
  socket: '/run/haproxy.sock',
  server: 'web$N',
  roles: null,
}
const config = { balancer: haproxy, restart: [], ssh: { connectTimeout: 1000 } } as unknown as Config
const host = (N: string) => ({ name: 'h1', host: 'h1', roles: [], deployTo: '/srv', env: { N } })

describe('the name of a server in HAProxy', () => {
  it('may come from a variable of its host', () => {
    expect(openBalancers(config, [host('1')], {} as Connects)[0]?.serverOf('h1')).toBe('web/web1')
  })

  it.each(
    ['1; disable server web/web2', '1\nhelp', ' 1', ''].map(value => [value, value === '' ? 'fine' : 'refused']),
  )('with %j in it is %s, for `;` would begin another command', (value, how) => {
    const open = () => openBalancers(config, [host(value)], {} as Connects)
    if (how === 'fine') expect(open()).toHaveLength(1)
    else expect(open).toThrow(UsageError)
  })
})

it.each([
  ['the address of a host', '$CLONEDEPLOY_HOST_ADDRESS', '10.0.0.1:3002'],
  ['text that says the port', 'shop-$CLONEDEPLOY_PORT', 'shop-3002'],
])('the server of a port in nginx is %s', (_, server, name) => {
  const balancer = { ...haproxy, kind: 'nginx', upstreamFile: '/up.conf', test: 'true', reload: 'true', server }
  const restart = [{ roles: null, ports: { numbers: [3001, 3002], stop: 'true' } }]
  const own = { ...host(''), host: '10.0.0.1' }
  const [opened] = openBalancers({ ...config, balancer, restart } as unknown as Config, [own], {} as Connects)
  opened?.ports?.serve('h1', 3002)
  expect(opened?.serverOf('h1')).toBe(name)
})

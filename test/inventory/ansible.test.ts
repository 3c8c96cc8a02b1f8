import { describe, expect, it } from 'vitest'
import { readAnsible } from '../../src/config/fields/ansible.js'
import { jumpIn, reachedBy } from '../../src/inventory/ansible.js'
import { hostsOf, inventories } from './ansible-lists.js'

const none = { hosts: [], children: [] }

describe('a list of Ansible', () => {
  it.each(inventories)('of an inventory in $kind has these hosts', ({ printed, hosts }) => {
    const list = readAnsible({ ...printed })
    expect(list && hostsOf(list)).toEqual(hosts)
  })

  it('may come from a script, whose groups are lists', () => {
    const list = readAnsible({ _meta: { hostvars: {} }, web: ['b', 'a'], odd: { hosts: null, vars: { x: 1 } } })
    expect(list && hostsOf(list)).toEqual([
      { name: 'a', roles: ['web'] },
      { name: 'b', roles: ['web'] },
    ])
  })

  it('gives no role that nobody could name, and ends where groups go round in a circle', () => {
    const groups = {
      a: { hosts: ['x'], children: ['b'] },
      b: { ...none, children: ['a'] },
      'not one': { ...none, hosts: ['x'] },
    }
    const list = { hostvars: new Map(), groups: new Map(Object.entries(groups)) }
    expect(hostsOf(list)).toEqual([{ name: 'x', roles: ['a', 'b'] }])
  })

  it.each([
    [{ _meta: {} }],
    [{ _meta: { hostvars: [] } }],
    [{ _meta: { hostvars: { a: 1 } } }],
    [{ _meta: { hostvars: {} }, web: { hosts: 'a' } }],
    [{ _meta: { hostvars: {} }, web: [1] }],
  ])('is not %j', value => {
    expect(readAnsible(value)).toBe(null)
  })
})

describe('variables', () => {
  it('are taken out of the wrapping that values from outside have', () => {
    expect(reachedBy({ ansible_host: { __ansible_unsafe: '10.0.0.1' }, ansible_user: null })).toEqual({
      said: { host: '10.0.0.1' },
    })
  })

  it.each([
    [{ ansible_host: '{{ public_ip }}' }, 'ansible_host', 'is a template, which ansible-inventory does not fill in'],
    [
      { ansible_port: '{% if x %}1{% endif %}' },
      'ansible_port',
      'is a template, which ansible-inventory does not fill in',
    ],
    [
      { ansible_connection: 'winrm' },
      'ansible_connection',
      'is "winrm", and clonedeploy reaches hosts by SSH alone; hosts.roles takes some groups only',
    ],
    [
      { ansible_ssh_common_args: '-o ProxyCommand="ssh -W %h:%p bastion"' },
      'ansible_ssh_common_args',
      'has a ProxyCommand, which clonedeploy takes from your ssh configuration only; write it there, or as -J',
    ],
    [{ ansible_ssh_common_args: `-J 'bastion` }, 'ansible_ssh_common_args', 'has a quote without an end'],
  ])('%j are refused', (variables, variable, text) => {
    expect(reachedBy(variables)).toEqual({ problem: { variable, text } })
  })
})

describe('options of ssh', () => {
  it.each([
    ['', null],
    ['-o StrictHostKeyChecking=no -C', null],
    ['-J bastion', 'bastion'],
    ['-Jops@bastion:2200', 'ops@bastion:2200'],
    ['-o ProxyJump=a,b -o ControlPersist=60s', 'a,b'],
    ['-oProxyJump=a', 'a'],
    ['-o "proxyjump a"', 'a'],
    [`-o 'ProxyJump = a'`, 'a'],
    ['-o User=x -oProxyJump=a', 'a'],
    ['-o ProxyJump=none', null],
    ['-J none', null],
    ['-o ProxyCommand=none -J a', 'a'],
    ['-o User=-Jx', null],
    ['-o ProxyJump=a\\,b', 'a,b'],
  ])('%s jump over %s', (options, jump) => {
    expect(jumpIn(options)).toEqual(jump === null ? null : { jump })
  })
})

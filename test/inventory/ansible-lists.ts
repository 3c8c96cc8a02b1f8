import { ansibleHosts, reachedBy } from '../../src/inventory/ansible.js'

/** An inventory of Ansible's, what ansible-core 2.14 of Debian 12 prints of it, and the hosts that it means. */
export interface Inventory {
  readonly kind: string
  readonly files: Readonly<Record<string, string>>
  /** What `-i` names. */
  readonly source: string
  readonly printed: object
  readonly hosts: readonly object[]
}

const common = '-o ProxyJump=ops@bastion:2200 -o StrictHostKeyChecking=no'
const web = { ansible_ssh_common_args: common, ansible_ssh_private_key_file: '~/.ssh/deploy' }
const reached = { identityFile: '~/.ssh/deploy', jump: 'ops@bastion:2200' }

const ini: Inventory = {
  kind: 'ini',
  source: 'hosts.ini',
  files: {
    'hosts.ini': `[web]
web-1 ansible_host=10.0.0.11 ansible_port=2222 ansible_user=deploy
web-2 ansible_host=10.0.0.12

[web:vars]
ansible_ssh_private_key_file=~/.ssh/deploy
ansible_ssh_common_args='${common}'

[worker]
job-1

[shop:children]
web
worker
`,
  },
  printed: {
    _meta: {
      hostvars: {
        'web-1': { ansible_host: '10.0.0.11', ansible_port: 2222, ansible_user: 'deploy', ...web },
        'web-2': { ansible_host: '10.0.0.12', ...web },
      },
    },
    all: { children: ['ungrouped', 'shop'] },
    shop: { children: ['web', 'worker'] },
    web: { hosts: ['web-1', 'web-2'] },
    worker: { hosts: ['job-1'] },
  },
  hosts: [
    { name: 'job-1', roles: ['shop', 'worker'] },
    { name: 'web-1', roles: ['shop', 'web'], host: '10.0.0.11', port: 2222, user: 'deploy', ...reached },
    { name: 'web-2', roles: ['shop', 'web'], host: '10.0.0.12', ...reached },
  ],
}

const yaml: Inventory = {
  kind: 'yaml',
  source: 'hosts.yml',
  files: {
    'hosts.yml': `all:
  hosts:
    alone:
  children:
    web:
      hosts:
        web-1: { ansible_host: 10.0.0.11, ansible_port: 2222 }
        web-[2:3]:
      vars: { ansible_user: deploy }
    shop:
      children:
        web:
`,
  },
  printed: {
    _meta: {
      hostvars: {
        'web-1': { ansible_host: '10.0.0.11', ansible_port: 2222, ansible_user: 'deploy' },
        'web-2': { ansible_user: 'deploy' },
        'web-3': { ansible_user: 'deploy' },
      },
    },
    all: { children: ['ungrouped', 'web', 'shop'] },
    shop: { children: ['web'] },
    ungrouped: { hosts: ['alone'] },
    web: { hosts: ['web-1', 'web-2', 'web-3'] },
  },
  hosts: [
    { name: 'alone', roles: [] },
    { name: 'web-1', roles: ['shop', 'web'], host: '10.0.0.11', port: 2222, user: 'deploy' },
    { name: 'web-2', roles: ['shop', 'web'], user: 'deploy' },
    { name: 'web-3', roles: ['shop', 'web'], user: 'deploy' },
  ],
}

const machine = (zone: string, number: number) => ({
  ansible_host: `10.1.0.${number}`,
  ansible_port: '2202',
  ansible_ssh_common_args: `-J bastion-${zone}`,
  ansible_user: 'deploy',
  public: `10.1.0.${number}`,
  zone,
})

/** As the plugins of clouds do: variables made of others, and groups of variables. */
const constructed: Inventory = {
  kind: 'constructed',
  source: 'inventory',
  files: {
    'inventory/1-machines': '[all]\ni-1 zone=eu public=10.1.0.1\ni-2 zone=us public=10.1.0.2\n',
    'inventory/2-constructed.yml': `plugin: constructed
strict: true
compose:
  ansible_host: public
  ansible_port: "2200 + 2"
  ansible_user: "'deploy'"
  ansible_ssh_common_args: "'-J bastion-' + zone"
groups:
  web: zone != 'asia'
keyed_groups:
  - { key: zone, prefix: zone }
`,
  },
  printed: {
    _meta: { hostvars: { 'i-1': machine('eu', 1), 'i-2': machine('us', 2) } },
    all: { children: ['ungrouped', 'web', 'zone_eu', 'zone_us'] },
    web: { hosts: ['i-1', 'i-2'] },
    zone_eu: { hosts: ['i-1'] },
    zone_us: { hosts: ['i-2'] },
  },
  hosts: [
    { name: 'i-1', roles: ['web', 'zone_eu'], host: '10.1.0.1', port: 2202, user: 'deploy', jump: 'bastion-eu' },
    { name: 'i-2', roles: ['web', 'zone_us'], host: '10.1.0.2', port: 2202, user: 'deploy', jump: 'bastion-us' },
  ],
}

export const inventories: readonly Inventory[] = [ini, yaml, constructed]

/** The hosts of a list that is as it should be. */
export function hostsOf(list: Parameters<typeof ansibleHosts>[0]): readonly object[] {
  return ansibleHosts(list).map(({ name, roles, variables }) => {
    const reached = reachedBy(variables)
    return { name, roles, ...('said' in reached ? reached.said : reached) }
  })
}

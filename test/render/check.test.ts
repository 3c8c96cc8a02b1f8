import { expect, it } from 'vitest'
import { noPaint } from '../../src/render/paint.js'
import { type CheckedHost, checkText } from '../../src/render/reports/check.js'

const host: CheckedHost = {
  name: 'web-1',
  address: 'deploy@10.0.0.11:22',
  hostKey: 'ssh-ed25519 SHA256:vGtN',
  auth: '~/.ssh/id_ed25519',
  transport: 'builtin',
  why: null,
  shell: '/bin/bash',
  deployTo: '/srv/shop',
  freeBytes: 41_000_000_000,
  freeInodes: 2_600_000,
  mount: '/srv',
  clockOffset: 0,
  roundTripMs: 12.3,
  tools: ['gzip', 'zstd', 'timeout', 'setsid'],
  tar: 'GNU 1.34',
  syncsOne: true,
}
const poor: CheckedHost = {
  ...host,
  name: 'w2',
  shell: '',
  freeInodes: null,
  clockOffset: -93.4,
  tools: ['gzip'],
  tar: null,
  syncsOne: null,
}

it.each([
  [true, ['HAProxy lb-1 web'], '3001 serves 2026a, with the users of HAProxy lb-1 web; 3002 is idle'],
  [true, [], '3001 serves 2026a, without users; 3002 is idle'],
  [true, null, '3001 serves 2026a; 3002 is idle'],
  [false, ['HAProxy lb-1 web'], '3001 runs 2026a, with the users of HAProxy lb-1 web; 3002 is idle'],
] as const)('tells what is on the ports of a host', (serves, users, text) => {
  const ports = [
    { port: 3001, release: '2026a', serves, users },
    { port: 3002, release: null, serves: false, users: users && [] },
  ]
  const report = { app: 'shop', stage: 'production', store: null, unreached: [], problems: [], warnings: [] }
  const lines = checkText({ ...report, hosts: [{ ...host, ports }] }, noPaint).split('\n')
  expect(lines.filter(line => line.startsWith('    ports'))).toEqual([`    ports   ${text}`])
})

it('is a block for every host, when there is nothing to say against a deploy', () => {
  const report = {
    app: 'shop',
    stage: 'production',
    hosts: [host, poor],
    store: { name: 's3://acme-deploys/shop', fault: null },
    unreached: [],
    problems: [],
    warnings: ['w2: old'],
  }
  expect(checkText(report, noPaint)).toBe(`shop → production

✔ web-1   deploy@10.0.0.11:22   12.3 ms away   clock +0 s
    key     ssh-ed25519 SHA256:vGtN
    login   ~/.ssh/id_ed25519
    shell   /bin/bash
    disk    41 GB free, 2600000 inodes free on /srv, for /srv/shop
    tools   tar (GNU 1.34), gzip, zstd, timeout, setsid, sync -f

✔ w2      deploy@10.0.0.11:22   12.3 ms away   clock −93.4 s
    key     ssh-ed25519 SHA256:vGtN
    login   ~/.ssh/id_ed25519
    shell   unknown
    disk    41 GB free on /srv, for /srv/shop
    tools   tar (?), gzip, no zstd, no timeout, no setsid

✔ store s3://acme-deploys/shop   keeps what is created, and refuses to replace it

! w2: old

No problems found.
`)
})

it('tells the problems of hosts that were read, and what to do about hosts that were not reached', () => {
  const problems = [
    { host: 'web-1', text: 'has no tar\u001b[2J', fix: 'install it' },
    { host: 'web-1', text: 'is full', fix: 'make room' },
    { host: 'web-1', text: 'has no sed', fix: 'install it' },
    { host: 'web-1', text: 'is odd', fix: null },
  ]
  const unreached = [
    { message: 'web-2 refused the key (the same holds for web-3)', details: ['tried  agent'], next: ['ssh -v web-2'] },
  ]
  const report = { app: 'shop', stage: 'production', hosts: [host], store: null, unreached, problems, warnings: [] }
  const [, first = '', ...rest] = checkText(report, noPaint).split('\n\n')
  expect(first.split('\n')[0]).toBe('✖ web-1   deploy@10.0.0.11:22   12.3 ms away   clock +0 s')
  expect(rest.join('\n\n')).toBe(`✖ web-2 refused the key (the same holds for web-3)
  tried  agent
  ssh -v web-2

✖ web-1: has no tar\\x1b[2J
✖ web-1: has no sed
  fix: install it
✖ web-1: is full
  fix: make room
✖ web-1: is odd
`)
})

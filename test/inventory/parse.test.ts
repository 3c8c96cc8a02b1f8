import { expect, it } from 'vitest'
import { parseHost } from '../../src/inventory/parse.js'

it.each([
  ['web-1', { host: 'web-1' }],
  ['web_1.example.com', { host: 'web_1.example.com' }],
  ['deploy@10.0.0.2:2222', { user: 'deploy', host: '10.0.0.2', port: 2222 }],
  ['10.0.0.2:1', { host: '10.0.0.2', port: 1 }],
  ['a@realm@gate', { user: 'a@realm', host: 'gate' }],
  ['::1', { host: '::1' }],
  ['[::1]', { host: '::1' }],
  ['[::1]:22', { host: '::1', port: 22 }],
  ['root@[fe80::1%eth0]:65535', { user: 'root', host: 'fe80::1%eth0', port: 65535 }],
])('%s is a host', (text, parts) => {
  expect(parseHost(text)).toEqual({ parts })
})

it.each([
  ['', 'is empty'],
  ['-oProxyCommand=x', 'begins with "-": ssh would take it for an option'],
  ['a@-oProxyCommand=x', 'the host begins with "-": ssh would take it for an option'],
  ['[-v]:22', 'the host begins with "-": ssh would take it for an option'],
  ['ssh://web-1', 'is written without ssh://, as user@host:port'],
  ['web 1', '"web 1" has white space in it'],
  ['web-1\n', '"web-1\\n" has white space in it'],
  ['@web-1', 'the user is empty'],
  ['a;b@web-1', 'the user "a;b" has characters that a login cannot have'],
  ['deploy@', 'the host is empty'],
  ['[]:22', 'the host is empty'],
  ['$(x)', 'the host "$(x)" is no address or ssh alias'],
  ['web:1:2', 'the host "web:1:2" is no address or ssh alias'],
  ['[::1]22', 'the host "[::1]22" is no address or ssh alias'],
  ['web-1:', 'the port "" is not a number'],
  ['web-1:ssh', 'the port "ssh" is not a number'],
  ['web-1:0', '1 is the lowest port, got 0'],
  ['web-1:65536', '65535 is the highest port, got 65536'],
])('%j is none', (text, problem) => {
  expect(parseHost(text)).toEqual({ problem })
})

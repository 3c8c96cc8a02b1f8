import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Target } from '../../src/connection/login-target.js'
import { masterArgs } from '../../src/connection/openssh/openssh-args.js'
import { load } from './config.js'
import { blocks, codeSpans, document, table } from './markdown.js'

const page = document('docs/ssh.md')

it('the configurations in ssh.md come to what the page says', async () => {
  const [ways = '', relay = ''] = blocks(page, 'ts')
  const { folder, ...config } = await load(ways)
  expect(config.ssh).toEqual({
    configFile: join(folder, 'ssh_config'),
    connectTimeout: 5_000,
    stallTimeout: 600_000,
    concurrency: 32,
    transport: 'openssh',
  })
  const short = relay.replace(/relay: \{.*\}/, 'relay: true')
  expect(short).not.toBe(relay)
  const [said, meant] = [await load(relay), await load(short)]
  expect(said.relay).toEqual({ seeds: 1, port: 22022 })
  expect(meant.relay).toEqual(said.relay)
})

it('ssh.md has every reason for which auto takes ssh, and no other', () => {
  const told = table(page, '| found | the reason').flatMap(([, reason]) => reason?.match(/`[^`]+`/g) ?? [])
  const source = document('src/connection/transport-for.ts')
  const given = [...source.matchAll(/^ {4}\[.*?, ['`](.*?)(?:,? \$\{.*)?['`]\],$/gm)].map(found => `\`${found[1]}\``)
  expect(given.length).toBe(8)
  expect(told.sort()).toEqual(given.sort())
})

it('ssh.md says what ssh is always told', () => {
  const beyond = { kex: [], ciphers: [], macs: [], hostKeys: [], userKeys: [] }
  const target = { hostname: 'h', port: 22, pin: null, configFile: null, beyond } as unknown as Target
  const folder = { path: '/f', socket: '/f/m' }
  const wanted = { name: 'h', host: 'h' }
  const args = masterArgs({ wanted, target, folder, timeout: 1, version: [7, 4], via: null, except: [] })
  const said = codeSpans(page).filter(span => / (yes|no)$/.test(span))
  expect(said.length).toBeGreaterThan(3)
  for (const option of said) expect(args).toContain(option.replace(' ', '='))
})

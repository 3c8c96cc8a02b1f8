import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { completeConfig } from '../../src/config/load/load.js'
import { knownHostsReader } from '../../src/connection/host-keys/known-hosts.js'
import { Refusal } from '../../src/errors.js'
import { dice } from '../faults/dice.js'
import { acting } from '../support/evil.js'
import { damaged, fuzzLimit, oddValue, seeds } from './damage.js'
import { readers } from './readers.js'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'clonedeploy-fuzz-')))
afterAll(() => rmSync(folder, { recursive: true }))

describe('what others wrote', () => {
  it.each(readers)(
    'is read or refused, whatever is in it: $name',
    ({ name, genuine, holds }) => {
      for (const text of genuine) holds(Buffer.from(text, 'latin1'), dice(0))
      for (const seed of seeds(name, 300)) {
        const with_ = dice(seed)
        const input = damaged(with_.pick(genuine), with_)
        try {
          holds(input, with_)
        } catch (cause) {
          throw new Error(`seed ${seed}: ${JSON.stringify(input.toString('latin1').slice(0, 2000))}`, { cause })
        }
      }
    },
    fuzzLimit,
  )

  it(
    'is read or passed over: known_hosts',
    async () => {
      const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIJ2a2Xy2nKz0k1dG0wXGJpA2f6hR4q1Ww3o5cJrQm2bB'
      const genuine = [
        `web-1,10.0.0.1 ssh-ed25519 ${key} comment\n@revoked * ssh-ed25519 ${key}\n`,
        `|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 ${key}\n@cert-authority *.example.com ssh-ed25519 ${key}\n`,
      ]
      const file = join(folder, 'known_hosts')
      for (const seed of seeds('known_hosts', 200)) {
        const with_ = dice(seed)
        writeFileSync(file, damaged(with_.pick(genuine), with_))
        const { trusted, revoked, authorities } = await knownHostsReader()(['[web-1]:2222', 'web-1'], [file])
        const all = [...trusted, ...revoked, ...authorities]
        expect([all.filter(({ type, line }) => line < 1 || type === ''), seed]).toEqual([[], seed])
      }
    },
    fuzzLimit,
  )

  it(
    'is a configuration, or refused in words: every value of it',
    async () => {
      const place = { cwd: folder, file: join(folder, 'deploy.config.json'), offline: true }
      await expect(completeConfig(whole, place)).resolves.toMatchObject({ app: 'shop', stage: 'production' })
      for (const seed of seeds('config', 300)) {
        const with_ = dice(seed)
        let input: unknown = whole
        for (let times = with_.roll(3); times > 0; times--) input = oddValue(input, with_)
        if (typeof input !== 'object' || input === null) continue
        const said = await completeConfig(input as never, place).then(
          () => [],
          error => {
            if (error instanceof Refusal) return [error.message, ...error.details]
            throw new Error(`seed ${seed}: ${JSON.stringify(input)}`, { cause: error })
          },
        )
        expect([said.filter(text => acting.test(text)), seed]).toEqual([[], seed])
      }
    },
    fuzzLimit,
  )
})

/** A configuration with every kind of value. */
const whole = {
  app: 'shop',
  source: { git: '.', ref: 'main', subdir: 'web' },
  build: ['npm ci', 'npm run build'],
  hosts: ['deploy@web-1:2222', { name: 'web-2', host: '10.0.0.2', port: 22, roles: ['app'], env: { A: '1' } }],
  deployTo: '/srv/shop',
  shared: { dirs: ['uploads'], files: ['.env'] },
  writable: ['cache'],
  env: { PORT: 3000 },
  secrets: { TOKEN: { env: 'TOKEN' } },
  prepare: [{ run: 'bin/migrate', once: true, roles: ['app'], timeout: '1m' }],
  restart: { systemd: 'shop' },
  health: [{ url: 'http://127.0.0.1:$PORT/', status: 200, headers: { 'x-a': 'b' } }, { tcp: 3000 }, { run: 'true' }],
  rollout: { batch: '50%', minUp: 1, canary: { hosts: 1, pause: '1m' }, bake: { for: '1m', check: 'true' } },
  keepReleases: 5,
  notify: [{ url: { env: 'HOOK' }, on: ['mixed'] }],
  ssh: { connectTimeout: '5s', concurrency: 8 },
  stages: { staging: { hosts: ['web-3'] }, production: { rollout: { batch: 1 } } },
  defaultStage: 'production',
}

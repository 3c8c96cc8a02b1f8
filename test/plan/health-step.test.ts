import { describe, expect, it } from 'vitest'
import { completeConfig } from '../../src/config/load/load.js'
import { UsageError } from '../../src/errors.js'
import { healthStep } from '../../src/plan/app/health.js'
import { hookVariables } from '../../src/plan/app/variables.js'
import { healthSteps } from '../../src/plan/transaction.js'
import { host } from './states.js'

const url = 'http://127.0.0.1:$PORT/healthz'
const served = { release: 'r', revision: null, previous: null }

async function configured(secrets: object) {
  const health = [{ url }, { tcp: 'localhost:6379' }]
  const input = { app: 'shop', deployTo: '/srv/shop', hosts: ['web-1'], secrets, health }
  const config = await completeConfig(input, { cwd: '/', file: '/deploy.config.json' })
  const [first] = config.hosts
  if (first === undefined) throw new Error('no host')
  return { config, first }
}

describe('a health check with a secret in its address', () => {
  it('that makes no address of it is refused by its host and its variables, without the value', async () => {
    const { config, first } = await configured({ PORT: { env: 'P' } })
    const variables = hookVariables(config, { PORT: 'hunter2' }, first, '/srv/shop', served)
    const [check] = config.health
    if (check === undefined) throw new Error('no check')
    const refused = () => healthStep(check, host(), variables, served)
    expect(refused).toThrow(UsageError)
    expect(refused).toThrow(`The health check ${url} is no address on web-1`)
    expect(refused).not.toThrow('hunter2')
  })

  it('is not asked by whoever does not know it', async () => {
    const { config, first } = await configured({ PORT: { env: 'P' } })
    const texts = (secrets: Readonly<Record<string, string>>) =>
      healthSteps(config, secrets, first, host()).map(({ text }) => text.replace(/ = .*/, ''))
    expect(texts({})).toEqual(['connect to localhost:6379'])
    expect(texts({ PORT: '3000' })).toEqual(['GET http://127.0.0.1:3000/healthz', 'connect to localhost:6379'])
  })
})

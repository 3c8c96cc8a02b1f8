import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startConnections } from '../../src/commands/context/context.js'
import type { Connection } from '../../src/connection/connection.js'
import type { Host } from '../../src/inventory/host.js'

it('lets any number of hosts wait for the end of a run, without a warning of Node', async () => {
  const warnings: string[] = []
  const warned = ({ name }: Error) => warnings.push(name)
  process.on('warning', warned)
  let given = 0
  const { connect, close } = startConnections(async (_, { signal }) => {
    signal?.addEventListener('abort', () => {
      given += 1
    })
    return { close: () => {} } as Connection
  })
  for (let i = 0; i < 40; i += 1) await connect({ name: `h${i}` } as Host, { timeout: 1000 })
  await setImmediate()
  close()
  process.off('warning', warned)
  expect(warnings).toEqual([])
  expect(given).toBe(40)
})

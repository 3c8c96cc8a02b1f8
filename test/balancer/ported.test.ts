import { expect, it } from 'vitest'
import type { Balancer, ServerState } from '../../src/balancer/balancer.js'
import { ported } from '../../src/balancer/ported.js'

const state = (name: 'ready' | 'maint'): ServerState => ({ state: name, up: name === 'ready', sessions: 0 })

it('tells of the port that users are sent to, where nobody has said which one serves', async () => {
  const told: string[] = []
  const states = new Map([
    ['h1:3001', state('maint')],
    ['h1:3002', state('ready')],
    ['h2:3001', state('ready')],
    ['h2:3002', state('maint')],
  ])
  const inner: Balancer = {
    name: 'HAProxy lb web',
    brand: 'HAProxy',
    counts: 'sessions',
    hosts: [...states.keys()],
    serverOf: seat => seat,
    putBack: seat => seat,
    read: async () => states,
    async tell(seats, wanted) {
      told.push(...seats.map(seat => `${seat} ${wanted}`))
      return { from: 0, to: 0 }
    },
    check: async () => [],
    maintains: true,
  }
  const pair = [3001, 3002] as const
  const balancer = ported(
    inner,
    new Map([
      ['h1', pair],
      ['h2', pair],
    ]),
  )
  await balancer.tell(['h1', 'h2'], 'drain')
  expect(told).toEqual(['h1:3002 drain', 'h2:3001 drain'])
  expect(balancer.serverOf('h1')).toBe('h1:3002')
})

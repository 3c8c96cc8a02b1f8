import { describe, expect, it } from 'vitest'
import type { Memory } from '../../src/scripts/read/memory.js'
import { memoryOf } from '../../src/state/memory.js'
import { host, idOf } from './states.js'

/** In units of 100 MB. */
function memory(free: number | null, served: number | null, more: Partial<Memory> = {}): Memory {
  const kb = (value: number | null) => (value === null ? null : value * 97_656.25)
  const { withSwap = free, unit = null } = more
  return { free: kb(free), withSwap: kb(withSwap), unit: kb(unit), served: kb(served) }
}

const takes = 'for two releases at a time: the processes of the served one take 1 GB, and'
const unknown = 'whether its memory is enough for two releases at a time is not known:'

describe('the memory for two releases', () => {
  it.each<[string, Memory | null, string | null]>([
    ['is not looked at where none is warmed', null, null],
    ['is enough where half as much again is free', memory(15, 10), null],
    ['is just enough where less is free', memory(14, 10), `its memory is just enough ${takes} 1.4 GB are free`],
    ['is just enough with swap', memory(2, 10, { withSwap: 11 }), `its memory is just enough ${takes} 200 MB are free`],
    [
      'may be too little under the limit of a service',
      memory(90, 10, { unit: 10 }),
      `its memory may not be enough ${takes} 1 GB are left by the limit of the app's service`,
    ],
    ['is enough under a limit that is far', memory(90, 10, { unit: 90 }), null],
    ['is not known where nobody is seen', memory(90, null), `${unknown} no process of ${idOf(3)} is seen`],
    ['is not known where nobody says what is free', memory(null, 10), `${unknown} it does not tell what is free`],
  ])('%s', (_, found, text) => {
    const warnings = text === null ? [] : [`web-1: ${text}`]
    expect(memoryOf([host('web-1', { memory: found })], 'fail')).toEqual({ problems: [], warnings })
  })

  it('refuses a deploy where it is less than the served one takes and a tenth, or warns where that is asked for', () => {
    const states = [host('web-1', { memory: memory(11, 10) }), host('web-2', { memory: memory(10.9, 10) })]
    const text = `its memory is not enough ${takes} 1.1 GB are free`
    const tight = `web-1: its memory is just enough ${takes} 1.1 GB are free`
    expect(memoryOf(states, 'fail')).toEqual({
      problems: [
        {
          host: 'web-2',
          text,
          fix: "make room in the memory of web-2, or let it be a warning by memory: 'warn' in the configuration",
        },
      ],
      warnings: [tight],
    })
    expect(memoryOf(states, 'warn')).toEqual({ problems: [], warnings: [tight, `web-2: ${text}`] })
  })

  it('is not asked for where nothing is served yet', () => {
    const first = host('web-1', { memory: memory(1, null), current: { kind: 'absent' } })
    expect(memoryOf([first], 'fail')).toEqual({ problems: [], warnings: [] })
  })
})

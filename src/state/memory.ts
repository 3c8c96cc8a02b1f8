import type { Memory } from '../scripts/read/memory.js'
import { bytesText } from '../text/units.js'
import type { HostState } from './host-state.js'
import type { Problem } from './preflight.js'
import { currentRelease } from './releases.js'

interface Verdicts {
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}

/** Some more than the served release takes now: it has been asked, and the new one has not. */
const enough = 1.1
const ample = 1.5

/** Whether hosts on which a release is warmed have the memory for two: until a run is confirmed, both are there. */
export function memoryOf(states: readonly HostState[], short: 'fail' | 'warn'): Verdicts {
  const found = states.flatMap(state => {
    const verdict = state.memory === null || state.current.kind === 'absent' ? null : judge(state.memory, state)
    return verdict === null ? [] : [{ host: state.name, ...verdict }]
  })
  const refused = short === 'fail' ? found.filter(({ isShort }) => isShort) : []
  return {
    problems: refused.map(({ host, text }) => ({
      host,
      text,
      fix: `make room in the memory of ${host}, or let it be a warning by memory: 'warn' in the configuration`,
    })),
    warnings: found.filter(one => !refused.includes(one)).map(({ host, text }) => `${host}: ${text}`),
  }
}

function judge({ free, withSwap, unit, served }: Memory, state: HostState) {
  const unknown = (why: string) => ({
    isShort: false,
    text: `whether its memory is enough for two releases at a time is not known: ${why}`,
  })
  if (served === null) return unknown(`no process of ${currentRelease(state) ?? 'what it serves'} is seen`)
  if (free === null || withSwap === null) return unknown('it does not tell what is free')
  const says = (how: string, of: string, kb: number, isShort = false) => ({
    isShort,
    text: `its memory ${how} for two releases at a time: the processes of the served one take ${bytesText(served * 1024)}, and ${bytesText(kb * 1024)} ${of}`,
  })
  if (served * enough > withSwap) return says('is not enough', 'are free', withSwap, true)
  if (unit !== null && served * enough > unit)
    return says('may not be enough', "are left by the limit of the app's service", unit)
  return served * ample > free ? says('is just enough', 'are free', free) : null
}

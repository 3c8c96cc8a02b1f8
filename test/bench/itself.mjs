// Tells what the process took that this is imported into, when it ends.
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const resolution = 1
const delay = monitorEventLoopDelay({ resolution })
delay.enable()
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const took = {
    cpu: (userCPUTime + systemCPUTime) / 1000,
    memory: maxRSS / 1024,
    blocked: delay.max / 1e6 - resolution,
  }
  writeFileSync(process.env.BENCH_TOOK, JSON.stringify(took))
})

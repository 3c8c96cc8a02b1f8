// The program in a process of its own, with shorter times: those of CLONEDEPLOY_TEST_TIMES, as JSON.
import { main } from '../../dist/main.js'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
process.exitCode = await main(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  stdinIsTTY: false,
  onSignal(listener) {
    for (const signal of signals) process.on(signal, listener)
    return () => {
      for (const signal of signals) process.off(signal, listener)
    }
  },
  exit: process.exit,
  times: JSON.parse(process.env.CLONEDEPLOY_TEST_TIMES),
})

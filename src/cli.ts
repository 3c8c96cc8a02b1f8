import { main } from './cli/main.js'
import { watchParents } from './cli/signals.js'
import { inCi } from './text/in-ci.js'
import { programOf } from './text/propose-command.js'

// While node takes itself apart, no signal is caught any more; by `exit` it ends without that.
process.once('beforeExit', process.exit)

process.exitCode = await main(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  stdinIsTTY: process.stdin.isTTY === true,
  onSignal(listener) {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
    for (const signal of signals) process.on(signal, listener)
    return () => {
      for (const signal of signals) {
        // A runner goes on to signal: the exit code, which says what is true, must still reach it.
        if (inCi(process.env)) process.on(signal, () => {})
        process.off(signal, listener)
      }
    }
  },
  onOrphaned: inCi(process.env) ? watchParents : () => () => {},
  exit: process.exit,
  program: programOf(process.argv[1] ?? '', process.env.npm_config_user_agent),
})

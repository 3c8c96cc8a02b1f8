import { UsageError } from '../errors.js'
import type { Asked } from '../program.js'
import { bootResolver } from './boot-resolver.js'
import { check } from './check.js'
import { config } from './config.js'
import { demo } from './demo.js'
import { deploy } from './deploy.js'
import { init } from './init.js'
import type { Io } from './io.js'
import { join } from './join.js'
import { lock, unlock } from './locks.js'
import { logs } from './logs.js'
import { maintenance } from './maintenance.js'
import { prune } from './prune.js'
import { releases } from './releases.js'
import { repair } from './repair.js'
import { restart } from './restart.js'
import { rollback } from './rollback.js'
import { run } from './run.js'
import { status } from './status.js'
import { trust } from './trust.js'

/**
 * Runs a command; `main` runs a whole command line, for the demo. All of them are loaded together, when one is asked for:
 * one file is quicker to load than the thirty that they would share in many ways.
 */
export async function dispatch(
  io: Io,
  { command, flags, words }: Asked,
  main: (args: readonly string[], cwd: string) => Promise<number>,
): Promise<number> {
  switch (command) {
    case 'init':
      return init(io, flags)
    case 'deploy':
      return deploy(io, flags)
    case 'rollback':
      return rollback(io, flags)
    case 'restart':
      return restart(io, flags)
    case 'repair':
      return repair(io, flags)
    case 'join':
      return join(io, flags)
    case 'status':
      return status(io, flags)
    case 'releases':
      return releases(io, flags)
    case 'check':
      return check(io, flags)
    case 'maintenance':
      return maintenance(io, flags, words[0] ?? '')
    case 'config':
      return config(io, flags)
    case 'prune':
      return prune(io, flags)
    case 'lock':
      return lock(io, flags)
    case 'unlock':
      return unlock(io, flags)
    case 'boot-resolver':
      return bootResolver(io, flags)
    case 'run':
      return run(io, flags, words)
    case 'logs':
      return logs(io, flags, words)
    case 'trust':
      return trust(io, flags, words[0] ?? '')
    case 'demo':
      return demo({ keep: flags.keep === true, run: main, write: io.output.stderr })
    default:
      throw new UsageError(`Unknown command "${command}".`)
  }
}

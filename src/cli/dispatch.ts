import { audit } from '../commands/audit/audit.js'
import { bootResolver } from '../commands/boot-resolver.js'
import { check } from '../commands/check.js'
import { config } from '../commands/config.js'
import type { Io } from '../commands/context/io.js'
import { demo } from '../commands/demo.js'
import { deploy } from '../commands/deploy.js'
import { image } from '../commands/image/image.js'
import { init } from '../commands/init/init.js'
import { join } from '../commands/join.js'
import { lock, unlock } from '../commands/locks.js'
import { logs } from '../commands/logs.js'
import { maintenance } from '../commands/maintenance.js'
import { promote } from '../commands/promote/promote.js'
import { prune } from '../commands/prune.js'
import { releases } from '../commands/releases.js'
import { repair } from '../commands/repair.js'
import { report } from '../commands/report/report.js'
import { restart } from '../commands/restart.js'
import { rollback } from '../commands/rollback.js'
import { run } from '../commands/run.js'
import { status } from '../commands/status.js'
import { trust } from '../commands/trust.js'
import { UsageError } from '../errors.js'
import type { Asked } from './program.js'

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
    case 'promote':
      return promote(io, flags)
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
    case 'audit':
      return audit(io, flags)
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
    case 'image':
      return image(io, flags)
    case 'run':
      return run(io, flags, words)
    case 'logs':
      return logs(io, flags)
    case 'report':
      return report(io, flags, words[0] ?? null)
    case 'trust':
      return trust(io, flags)
    case 'demo':
      return demo({ keep: flags.keep === true, run: main, write: io.output.stderr })
    default:
      throw new UsageError(`Unknown command "${command}".`)
  }
}

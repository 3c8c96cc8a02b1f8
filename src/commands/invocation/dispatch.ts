import { UsageError } from '../../errors.js'
import { audit } from '../audit/audit.js'
import { bootResolver } from '../boot-resolver.js'
import { check } from '../check.js'
import { config } from '../config.js'
import type { Io } from '../context/io.js'
import { demo } from '../demo.js'
import { deploy } from '../deploy.js'
import { image } from '../image/image.js'
import { init } from '../init/init.js'
import { join } from '../join.js'
import { lock, unlock } from '../locks.js'
import { logs } from '../logs.js'
import { maintenance } from '../maintenance.js'
import { promote } from '../promote/promote.js'
import { prune } from '../prune.js'
import { releases } from '../releases.js'
import { repair } from '../repair.js'
import { report } from '../report/report.js'
import { restart } from '../restart.js'
import { rollback } from '../rollback.js'
import { run } from '../run.js'
import { status } from '../status.js'
import { trust } from '../trust.js'

/** A command that is asked for: its flags, and what stood behind them. */
export interface Asked {
  readonly command: string
  readonly flags: Readonly<Record<string, unknown>>
  readonly words: readonly string[]
}

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

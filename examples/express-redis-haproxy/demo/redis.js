import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { listens } from './listens.js'
import { freePort, start, until } from './processes.js'

/** A Redis of our own, that writes nothing to disk; its address. */
export async function startRedis(dir, keep) {
  const port = await freePort()
  const folder = join(dir, 'redis')
  mkdirSync(folder)
  const args = ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder, '--save', '', '--appendonly', 'no']
  const redis = keep(start('redis-server', args, { log: join(dir, 'redis.log') }))
  await until(() => listens(port), redis)
  return `redis://127.0.0.1:${port}`
}

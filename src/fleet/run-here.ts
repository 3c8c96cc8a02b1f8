import type { RunOptions, RunResult } from '../connection/connection.js'
import { connectLocal } from '../connection/this-machine.js'
import type { ScriptStep } from '../plan/plan.js'
import type { Stop } from './stop.js'

const here = { name: 'this machine', host: 'localhost', roles: [], deployTo: '/', env: {} }

/** Runs a command on this machine, and waits for it until a stop is asked for. */
export async function runHere(
  { script, timeout }: ScriptStep,
  stop: Stop,
  onOutput?: RunOptions['onOutput'],
): Promise<RunResult> {
  const connection = await connectLocal(here, { timeout })
  stop.asked.then(() => connection.close())
  const result = await connection.run(script, { timeout, endless: true, ...(onOutput && { onOutput }) })
  connection.close()
  return result
}

import type { HostPlan } from '../../plan/plan.js'
import { chain, group } from '../../scripts/shell/chain.js'
import { Script } from '../../scripts/shell/shell.js'

/** What stands on stdout where old releases could not be removed. */
export const notRemoved = '@not removed'

/** Records the end of a transaction, unlocks, and reads `current` once more; removes old releases first, unless that is left out. */
export function endScript({ prune, finish, look }: HostPlan, pruning = true): Script {
  const end = [finish.script, look.script]
  return chain(prune !== null && pruning ? [tolerant(prune.script), ...end] : end)
}

/** All that a host has still to do once it serves well: these follow each other closely. */
export function lastScripts(plan: HostPlan): readonly Script[] {
  return [plan.confirm.script, endScript(plan)]
}

/** What was served before can wait for the next deploy; the end of this one cannot. */
function tolerant(script: Script): Script {
  return new Script(script.name, `${group(script)} || echo '${notRemoved}'`, [], true)
}

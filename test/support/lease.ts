import { existsSync, readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { all } from './on-fleet.js'
import type { Project } from './project.js'

/** Makes every lock of the fleet as old as if its holder had not been heard of for five minutes. */
export function ageLocks(project: Project, hosts: readonly number[] = all): void {
  const then = new Date(Date.now() - 300_000)
  for (const i of hosts) {
    const epochs = project.on(i, '.clonedeploy/epochs')
    if (!existsSync(epochs)) continue
    for (const epoch of readdirSync(epochs))
      for (const path of [join(epochs, epoch), join(epochs, epoch, 'lease')])
        if (existsSync(path)) utimesSync(path, then, then)
  }
}

import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
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

/** The file that says when the holder of the newest lock of a host was last heard of. */
export function lockLease(root: string): string {
  const epochs = join(root, '.clonedeploy/epochs')
  return join(epochs, String(Math.max(...readdirSync(epochs).map(Number))), 'lease')
}

/** Waits for the next sign of life in a lease. */
export async function isRenewed(lease: string): Promise<void> {
  utimesSync(lease, 1, 1)
  await vi.waitFor(() => expect(statSync(lease).mtimeMs).toBeGreaterThan(1000), { timeout: 300_000, interval: 50 })
}

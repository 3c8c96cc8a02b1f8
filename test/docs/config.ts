import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../src/config/load/load.js'

/** What a configuration comes to; paths in it begin with `folder`. */
export async function load(text: string, stage?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-docs-'))
  const file = join(folder, 'deploy.config.ts')
  writeFileSync(file, text)
  try {
    return { folder, ...(await loadConfig({ cwd: folder, file, ...(stage === undefined ? {} : { stage }) })) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

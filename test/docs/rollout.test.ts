import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.js'
import { blocks, document } from './markdown.js'

const page = document('docs/rollout.md')

async function load(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-docs-'))
  const file = join(folder, 'deploy.config.ts')
  writeFileSync(file, text)
  const config = await loadConfig({ cwd: folder, file })
  rmSync(folder, { recursive: true })
  return config
}

it('the rollout in rollout.md comes to what the page says', async () => {
  expect((await load(blocks(page, 'ts')[0] ?? '')).rollout).toEqual({
    batch: '25%',
    minUp: 3,
    canary: {
      hosts: 1,
      pause: 300_000,
      check: { run: './smoke-test', on: 'here', timeout: 60_000 },
      confirm: false,
    },
  })
})

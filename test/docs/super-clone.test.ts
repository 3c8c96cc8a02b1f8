import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generationKey } from '../../src/store/generation.js'
import { cloneStore, of } from '../support/clone-store.js'
import { writeFiles } from '../support/files.js'
import { folder } from '../support/scripts.js'
import { blocks, document } from './markdown.js'

const page = document('docs/super-clone.md')

describe('super-clone.md, on AWS', () => {
  it('lets the role read what a boot reads, and nothing else of the store', async () => {
    const policy = JSON.parse(blocks(page, 'json')[0] ?? '')
    const readable: readonly string[] = policy.Statement[0].Resource
    const { boot = '' } = await cloneStore().release(1, { version: 'one' })
    const keys = [generationKey(of, 42), `shop/${boot}`, `shop/${boot.replace(/[^/]*$/, 'payload')}`]
    const begins = (key: string) =>
      readable.some(one => `arn:aws:s3:::acme-deploys/web/${key}`.startsWith(one.slice(0, -1)))
    expect(keys.map(begins)).toEqual([true, true, true])
    expect(['shop/condemned/x', 'shop/stages/staging/generations/1', 'other/artifacts/x'].map(begins)).toEqual(
      Array(3).fill(false),
    )
  })

  describe('has a script that', () => {
    const script = blocks(page, 'text').find(text => text.startsWith('#!/bin/sh')) ?? ''
    const run = (answer: string, code: number) => {
      const bin = folder('bin')
      const curl =
        'case $* in *-X\\ PUT*) echo TOKEN ;; *TOKEN*instance-id) echo i-1 ;; *TOKEN*region) echo eu-west-1 ;; *) exit 22 ;; esac'
      writeFiles(bin, {
        aws: { mode: 0o755, text: `#!/bin/sh\necho "$*" >>${bin}/asked\necho '${answer}' >&2\nexit ${code}\n` },
        curl: { mode: 0o755, text: `#!/bin/sh\n${curl}\n` },
        script: { mode: 0o755, text: script },
      })
      const { status } = spawnSync(join(bin, 'script'), { env: { PATH: `${bin}:/usr/bin:/bin` } })
      return { status, asked: readFileSync(join(bin, 'asked'), 'utf8') }
    }
    it('completes the hook of its own instance', () => {
      const { status, asked } = run('', 0)
      expect(status).toBe(0)
      expect(asked).toContain('--lifecycle-action-result CONTINUE')
      expect(asked).toContain('--instance-id i-1 --region eu-west-1')
    })

    it('is content where there is none to complete, and fails where it may not', () => {
      expect(run('An error: No active Lifecycle Action found with instance ID i-1', 254).status).toBe(0)
      expect(run('An error: AccessDenied', 254).status).toBe(1)
      execFileSync('dash', ['-n'], { input: script })
    })
  })
})

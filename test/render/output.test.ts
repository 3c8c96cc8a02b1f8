import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createOutput } from '../../src/render/output.js'

const flags = { color: true }

describe('the output', () => {
  it.each(['stdout', 'stderr'] as const)('outlives a reader of %s that goes away', async name => {
    const program = join(mkdtempSync(join(tmpdir(), 'render-')), 'program.ts')
    writeFileSync(
      program,
      `import { createOutput } from '${fileURLToPath(new URL('../../src/render/output.ts', import.meta.url))}'
       const output = createOutput(process, {}, { color: true })
       output.${name}('begun\\n')
       process.stdin.resume().on('end', () => {
         let writes = 0
         setInterval(() => (writes++ < 20 ? output.${name}('more\\n') : process.exit(7)), 1)
       })`,
    )
    const child = spawn(process.execPath, ['--import', 'jiti/register', program], { stdio: 'pipe' })
    const exit = once(child, 'exit')
    await once(child[name], 'data')
    child[name].destroy()
    child.stdin.end()
    expect(await exit).toEqual([7, null])
  })

  it('writes each text to its stream', async () => {
    const stdout = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] })
    const stderr = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] })
    const output = createOutput({ stdout: stdout.stdin, stderr: stderr.stdin }, {}, flags)
    const read = Promise.all([stdout.stdout.toArray(), stderr.stdout.toArray()])
    output.stdout('result\n')
    output.stderr('progress\n')
    stdout.stdin.end()
    stderr.stdin.end()
    expect((await read).map(chunks => chunks.join(''))).toEqual(['result\n', 'progress\n'])
  })

  it('knows each stream: its size now, and its colours', () => {
    const window = { isTTY: true, columns: 80, rows: 24, destroyed: false, write: () => true, on: () => {} }
    const pipe = { destroyed: false, write: () => true, on: () => {} }
    const output = createOutput({ stdout: pipe, stderr: window }, {}, flags)
    expect(output.terminal.stdout).toEqual({ isTTY: false, level: 0, columns: 0, rows: 0 })
    expect(output.terminal.stderr).toEqual({ isTTY: true, level: 1, columns: 80, rows: 24 })
    window.columns = 100
    expect(output.terminal.stderr.columns).toBe(100)
  })
})

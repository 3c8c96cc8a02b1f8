import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const filesInEach = 50
const bytes = 10_000

/** Files of 10 kB, 50 in each folder (3,000 in 60): text that gzip brings to about a third. The same on every run. */
export function makeApp(dir: string, folders = 60): void {
  rmSync(dir, { recursive: true, force: true })
  let state = 1
  const next = () => {
    state = (state * 48_271) % 2_147_483_647
    return state
  }
  for (let d = 0; d < folders; d += 1) {
    mkdirSync(join(dir, `d${d}`), { recursive: true })
    for (let f = 0; f < filesInEach; f += 1) {
      let text = ''
      while (text.length < bytes) text += `const value${next() % 97} = call${next() % 31}(${next()})\n`
      writeFileSync(join(dir, `d${d}`, `f${f}.js`), text.slice(0, bytes))
    }
  }
}

/** Three files become others. */
export function changeApp(dir: string, round: number): void {
  for (const d of [1, 2, 3]) appendFileSync(join(dir, `d${d}`, `f${d}.js`), `// round ${round}\n`)
}

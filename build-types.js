import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

// The compiler declares every file that the library is made of. Its types need a few of them, and only these are shipped.
const all = mkdtempSync('types-')
try {
  const tsc = 'node_modules/typescript/bin/tsc'
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', all], { stdio: 'inherit' })
  for (const [file, text] of reachable(join(all, 'index.d.ts'))) {
    const path = join('dist', relative(all, file))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
} finally {
  rmSync(all, { recursive: true })
}

/** A declaration and those that it needs, by their paths. */
function reachable(file, found = new Map()) {
  if (found.has(file)) return found
  const text = readFileSync(file, 'utf8')
  found.set(file, text)
  for (const [, path] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)\.js['"]/g))
    reachable(join(dirname(file), `${path}.d.ts`), found)
  return found
}

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Texts } from './recipe.js'

/** Gemfile and Gemfile.lock of an app that uses what Debian has installed: no host of a test asks an index. */
export function gems(...names: readonly string[]): Texts {
  const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-gems-'))
  try {
    const gemfile = ["source 'https://rubygems.org'", ...names.map(name => `gem '${name}'`), ''].join('\n')
    writeFileSync(join(folder, 'Gemfile'), gemfile)
    execFileSync('bundle', ['lock', '--local'], { cwd: folder, stdio: 'pipe' })
    return { Gemfile: gemfile, 'Gemfile.lock': readFileSync(join(folder, 'Gemfile.lock'), 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

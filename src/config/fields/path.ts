import { posix } from 'node:path'
import { show } from '../problems/sentence.js'
import { checked, lineProblem } from './scalars.js'

/** A path on this machine. */
export const localPath = checked(lineProblem)

/** The folder on the hosts: absolute, or relative to the login's home. */
export const deployFolder = checked(value => lineProblem(value) ?? deployProblem(value)).transform(tidy)

/** A path below some folder: relative, and it stays there. */
export const innerPath = checked(innerProblem).transform(tidy)

/** A path that is linked into each release. */
export const sharedPath = checked(value => innerProblem(value) ?? sharedProblem(value)).transform(tidy)

/** What the app may write in a release: a path or a pattern, but not all of it. */
export const writablePath = checked(value => innerProblem(value) ?? writableProblem(value)).transform(tidy)

/** `include` is patterns too, so it is kept as it is written. */
export const pattern = checked(innerProblem)

/** A path or a pattern on the hosts: absolute, or as in a release. */
export const hostPath = checked(value => {
  const problem = lineProblem(value)
  if (problem !== null) return problem
  if (hasParent(value)) return `has ".." in it: ${show(value)}`
  return value.startsWith('~') ? `should be absolute, or as in a release, got ${show(value)}` : null
}).transform(tidy)

function deployProblem(value: string): string | null {
  if (tidy(value) === '/') return 'is "/"; name a folder of its own, such as "/srv/shop"'
  if (hasParent(value)) return `has ".." in it: ${show(value)}`
  if (tidy(value) === '.') return 'is the home folder itself; name a folder in it, such as "shop"'
  if (value.startsWith('~')) return 'begins with "~"; leave that out: a relative path begins at the home of the login'
  return value.startsWith('-') ? `begins with "-": ${show(value)}` : null
}

function innerProblem(value: string): string | null {
  const problem = lineProblem(value)
  if (problem !== null) return problem
  if (value.startsWith('/') || value.startsWith('~')) return `should be a relative path, got ${show(value)}`
  return hasParent(value) ? `has ".." in it: ${show(value)}` : null
}

function sharedProblem(value: string): string | null {
  const path = tidy(value)
  if (path === '.') return 'is the release itself; name something in it'
  return path === 'current' || path.startsWith('current/')
    ? '"current" is the link to the release; use another name'
    : null
}

function writableProblem(value: string): string | null {
  return /^(\.|\*+)(\/\*+)*$/.test(tidy(value))
    ? 'is the whole release, of which nothing would be compared; name something in it'
    : null
}

function hasParent(value: string): boolean {
  return value.split('/').includes('..')
}

/** Without `./`, `//` and the slash at the end. */
function tidy(value: string): string {
  const path = posix.normalize(value)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path.replace(/^\/\//, '/')
}

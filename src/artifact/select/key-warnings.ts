import { printable } from '../printable.js'

const most = 5

/** Sentences about the files that hold a private key: they are deployed, for an app may need its own. */
export function keyWarnings(paths: readonly string[]): string[] {
  const told = paths.slice(0, most).map(path => {
    return `${printable(path)} holds a private key, which every host gets; to leave it out, add to .deployignore: ${lineFor(path)}`
  })
  const rest = paths.length - told.length
  return rest === 0 ? told : [...told, `${rest} more ${rest === 1 ? 'file holds' : 'files hold'} a private key`]
}

/** A line in gitignore's syntax that names this path only. */
function lineFor(path: string): string {
  return printable(`/${path}`.replace(/[\\*?[\]]/g, '\\$&').replace(/ $/, '\\ '))
}

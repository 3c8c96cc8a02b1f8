import { entriesOf, type Manifest } from './manifest.js'
import { printable } from './printable.js'

const most = 5

/** Sentences about files whose content (by its sha256) holds a private key: they are deployed, for an app may need its own. */
export function keyWarnings(manifest: Manifest, keys: ReadonlySet<string>): string[] {
  const paths = entriesOf(manifest).flatMap(entry =>
    entry.kind === 'file' && keys.has(entry.sha256) ? [entry.path] : [],
  )
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

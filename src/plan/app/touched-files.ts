import type { Config } from '../../config/config.js'
import { ownFiles } from '../../release/shared.js'

/** Files of a release that its restart touches. */
export function touchedFiles({ restart, shared }: Pick<Config, 'restart' | 'shared'>): readonly string[] {
  return ownFiles(
    restart.flatMap(({ service }) => (service?.kind === 'touch' ? [service.file] : [])),
    shared,
  )
}

/** What the app may write in its release, and what its restart touches there: none of it is sealed. */
export function unsealedPaths(config: Pick<Config, 'writable' | 'restart' | 'shared'>): readonly string[] {
  return [...config.writable, ...touchedFiles(config)]
}

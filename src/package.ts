import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

// The program runs from `src`, and as a bundle whose files all lie in `dist`: only here anything is found by its own place.
const here = import.meta.url

/** Where our own code lies. */
export const codeFolder = fileURLToPath(new URL('.', here))

/** What `import 'clonedeploy'` means. */
export const indexFile = fileURLToPath(new URL(`index${extname(here)}`, here))

/** A file that comes with the package, by its path in it. */
export function packaged(path: string): string {
  return fileURLToPath(new URL(`../${path}`, here))
}

export function version(): string {
  return (JSON.parse(readFileSync(packaged('package.json'), 'utf8')) as { readonly version: string }).version
}

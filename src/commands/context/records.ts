import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PreflightError } from '../../errors.js'

/** The folder of this project's logs and caches. Throws where a link in it leads elsewhere: we write and remove there. */
export function recordsIn(root: string): string {
  const home = join(root, '.clonedeploy')
  refuseLinks(home, 2)
  mkdirSync(home, { recursive: true })
  const ignore = join(home, '.gitignore')
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n')
  return home
}

function refuseLinks(path: string, depth: number): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found?.isSymbolicLink())
    throw new PreflightError(`${path} is a symbolic link, and clonedeploy writes and removes files there`, {
      next: [`rm ${path}     it keeps nothing that cannot be made again`],
    })
  if (depth > 0 && found?.isDirectory()) for (const name of readdirSync(path)) refuseLinks(join(path, name), depth - 1)
}

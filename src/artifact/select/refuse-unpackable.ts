import { PreflightError } from '../../errors.js'
import { UnpackableError } from '../artifact.js'
import { printable, someOf } from '../printable-names.js'
import { endOf, parentOf, parentsOf } from './tree.js'
import type { Found } from './walk-tree.js'

/** Throws when what was found cannot be a release. `shared`: the linked paths. */
export function refuseUnpackable(dir: string, found: Found, shared: readonly string[]): void {
  if (found.files.length + found.links.length + found.folders.length === 0)
    throw new PreflightError(`there is nothing to deploy in ${dir}`, {
      details:
        found.leftOut.length > 0 ? [`left out: ${someOf(found.leftOut.map(({ path }) => printable(path)))}`] : [],
      next: ['look at "build", "include" and .deployignore: together they leave nothing'],
    })
  refuseSpecial(found)
  refuseLinksOut(found)
  refuseBlockedShared(found, shared)
}

function refuseSpecial({ special }: Found): void {
  if (special.length === 0) return
  throw new UnpackableError('sockets, fifos and devices cannot be deployed', {
    details: special.slice(0, 10).map(({ path, what }) => `${printable(path)} is a ${what}`),
    next: ['remove them, or leave them out: .deployignore'],
  })
}

function refuseLinksOut({ links, files }: Found): void {
  const tree = { links: new Map(links.map(({ path, target }) => [path, target])), has: () => true }
  const out = links.filter(({ path }) => endOf(path, tree) === 'outside')
  if (out.length === 0) return
  throw new UnpackableError('symbolic links that leave the release would point nowhere on the hosts', {
    details: out.slice(0, 10).map(({ path, target }) => `${printable(path)} → ${printable(target)}`),
    next: [
      ...environmentHints(out, files),
      'copy in the build what they point at, deploy from a folder that holds both, or leave them out: .deployignore',
    ],
  })
}

/** Of a virtual environment, whose programs hold the path that it was made at, too. */
function environmentHints(out: Found['links'], files: Found['files']): readonly string[] {
  const made = files.filter(({ path }) => /(^|\/)pyvenv\.cfg$/.test(path)).map(({ path }) => parentOf(path))
  const found = made.find(folder => out.some(({ path }) => path.startsWith(`${folder}/bin/`)))
  if (found === undefined) return []
  const what = `${printable(found)} is a virtual environment of Python, which runs only where it was made`
  return [`${what}: make it on the hosts, in "prepare", and leave it out: .deployignore`]
}

/** A linked path cannot be made where one of its folders is a file or a link in the release. */
function refuseBlockedShared({ files, links }: Found, shared: readonly string[]): void {
  const parents = new Set(shared.flatMap(parentsOf))
  const blocking = [...files, ...links].find(({ path }) => parents.has(path))
  if (!blocking) return
  const path = shared.find(each => parentsOf(each).includes(blocking.path)) ?? ''
  throw new UnpackableError(`the shared path ${printable(path)} cannot be linked into the release`, {
    details: [
      `${printable(blocking.path)} is a ${blocking.kind === 'link' ? 'symbolic link' : 'file'} there, not a folder`,
    ],
    next: ['change "shared" in the config, or leave it out: .deployignore'],
  })
}

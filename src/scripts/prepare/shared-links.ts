import { paths, sharedTarget } from '../../release/paths.js'
import type { Shared, Skeleton } from '../../release/shared.js'
import { codes } from '../shell/codes.js'
import { type ShellText, sh } from '../shell/shell.js'

/** Links shared folders, which are made where they are missing, and shared files, which must be there, into the tree of a release. */
export function linkShared(tree: string, { dirs, files, skeleton = {} }: Shared): readonly ShellText[] {
  return [
    ...dirs.map(dir => link(tree, dir, sharedFolder(dir, skeleton))),
    ...files.map(file => link(tree, file, sharedFile(file))),
  ]
}

function link(tree: string, linked: string, ensure: ShellText): ShellText {
  const path = `${tree}/${linked}`
  const parent = path.slice(0, path.lastIndexOf('/'))
  return sh`${ensure}
[ -d ${parent} ] || mkdir -p -- ${parent} || exit ${codes.unpack}
ln -s -- ${sharedTarget(linked)} ${path} || exit ${codes.unpack}`
}

function sharedFolder(dir: string, skeleton: Skeleton): ShellText {
  const path = `${paths.shared}/${dir}`
  return sh`[ -d ${path} ] || { linked=; mkdir -p -- ${path}; }
${layOut(dir, skeleton)}`
}

function sharedFile(file: string): ShellText {
  return sh`[ -e ${`${paths.shared}/${file}`} ] || { echo ${file}; exit ${codes.linkedFileMissing}; }`
}

/** An empty folder of somebody else (an app that runs as another user, say) stays as it is. */
function layOut(dir: string, skeleton: Skeleton): ShellText {
  const path = `${paths.shared}/${dir}`
  const files = Object.entries(skeleton).filter(([file]) => file.startsWith(`${dir}/`))
  if (files.length === 0) return sh``
  const made = files.map(([file, content]) => {
    const to = `${paths.shared}/${file}`
    return sh`mkdir -p -- ${to.slice(0, to.lastIndexOf('/'))} && printf %s ${content} >${to} &&`
  })
  return sh`[ ! -w ${path} ] || [ -n "$(ls -A ${`${path}/`})" ] || { linked=; ${made} :; } || exit ${codes.unpack}`
}

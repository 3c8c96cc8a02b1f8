import { cpSync, existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** What `npm install` would bring into a folder, from where it is on this machine: beside the app, or above it. */
export function copyDependencies(app, target) {
  const done = new Set()
  const visit = (folder, name) => {
    const { root, path } = find(folder, name)
    if (done.has(path)) return
    done.add(path)
    cpSync(path, join(target, relative(root, path)), {
      recursive: true,
      filter: from => isNeeded(relative(path, from)),
    })
    for (const each of dependenciesOf(path)) visit(path, each)
  }
  for (const name of dependenciesOf(app)) visit(app, name)
}

/** Where Node finds a package that is imported in a folder, and the folder that holds the outermost node_modules. */
function find(folder, name) {
  for (let place = folder; ; place = dirname(place)) {
    const path = join(place, 'node_modules', name)
    if (existsSync(path)) return { path, root: path.slice(0, path.indexOf('/node_modules/')) }
    if (place === dirname(place)) throw new Error(`${name} is not installed. Run: npm ci`)
  }
}

function dependenciesOf(folder) {
  return Object.keys(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).dependencies ?? {})
}

function isNeeded(name) {
  return !/^node_modules\b|\.(map|md|d\.[cm]?ts)$/.test(name)
}

import type { BuildCache } from '../../config/config.js'
import type { Installer } from '../../config/installer.js'
import type { TreeEntry } from '../git/objects.js'
import { rawName } from '../printable-names.js'
import type { Gitignore } from '../select/deployignore.js'
import { compileInclude } from '../select/include.js'

/** The files of a commit that decide what the first command of its build makes, or why they are not known. */
export type Deciding = { readonly files: readonly TreeEntry[] } | { readonly unknown: string }

interface Asked {
  readonly tree: readonly TreeEntry[]
  readonly cache: BuildCache
  /** The folder in which the command runs, as in `tree`; '' for the top. */
  readonly folder: string
  readonly gitignore: Gitignore
  /** The texts of these entries. */
  readonly read: (entries: readonly TreeEntry[]) => Promise<readonly string[]>
}

/**
 * What lies below the folders that are kept decides too: a kept copy would replace it. Where the config names files, it is
 * believed; else an installer's own files decide, unless a package of the project runs or takes in what nobody names.
 */
export async function decidingFiles({ tree, cache, folder, gitignore, read }: Asked): Promise<Deciding> {
  const inFolder = folder === '' ? '' : `${folder}/`
  const kept = cache.paths.map(path => inFolder + rawName(path))
  const isKept = ({ path }: TreeEntry) => kept.some(one => path === one || path.startsWith(`${one}/`))
  const [inside, outside] = [tree.filter(isKept), tree.filter(one => !isKept(one))]
  const own = cache.installer === null ? [] : outside.filter(isAnInstallers)
  const link = own.find(({ mode }) => mode === '120000')
  if (link !== undefined) return { unknown: `${link.path} is a symbolic link` }
  if (cache.key === null) {
    const unknown = await unknownOf(own, cache.installer, read)
    return unknown === null ? { files: [...inside, ...own] } : { unknown }
  }
  const paths = new Set(outside.map(({ path }) => path))
  const named = compileInclude(cache.key.map(rawName), path => paths.has(inFolder + path), gitignore)
  const takes = ({ path, mode }: TreeEntry) => {
    const below = path.slice(inFolder.length)
    if (mode === '040000' || !path.startsWith(inFolder) || !named.takes(below, false)) return false
    named.use(below, false)
    return true
  }
  const all = outside.filter(one => takes(one) || own.includes(one))
  const [missing] = named.unused()
  return missing === undefined
    ? { files: [...inside, ...all] }
    : { unknown: `no file of the commit is ${missing}, which build.cache.key names` }
}

/** A submodule may hold packages of the project. Tarballs are what `file:` may name. */
function isAnInstallers({ path, mode }: TreeEntry): boolean {
  if (mode === '160000') return true
  if (mode === '040000') return false
  return (
    /(^|\/)(package\.json|package-lock\.json|npm-shrinkwrap\.json|\.npmrc|pnpm-lock\.yaml|pnpm-workspace\.yaml|\.pnpmfile\.[cm]?js|yarn\.lock|\.yarnrc|\.yarnrc\.yml|bun\.lockb?|bunfig\.toml|\.nvmrc|\.node-version|\.tool-versions|binding\.gyp)$/.test(
      path,
    ) || /(^|\/)(patches|\.yarn)\/|\.(tgz|tar|tar\.gz)$/.test(path)
  )
}

const lockFiles: Readonly<Record<Installer['tool'], readonly string[]>> = {
  npm: ['package-lock.json', 'npm-shrinkwrap.json'],
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock'],
  bun: ['bun.lock', 'bun.lockb'],
}

async function unknownOf(
  files: readonly TreeEntry[],
  installer: Installer | null,
  read: Asked['read'],
): Promise<string | null> {
  if (installer === null) return 'nothing says which files decide it'
  const named = (name: string) => files.filter(({ path }) => path === name || path.endsWith(`/${name}`))
  const locks = lockFiles[installer.tool]
  if (!locks.some(name => named(name).length > 0)) return `the commit has no ${locks.join(' or ')}`
  if (installer.scripts && named('binding.gyp').length > 0)
    return 'binding.gyp is compiled from files that nobody names'
  const packages = named('package.json')
  const texts = await read(packages)
  return packages.map(({ path }, i) => unknownIn(path, texts[i] ?? '', installer)).find(why => why !== null) ?? null
}

/** Scripts that an install runs; those of dependencies see the dependency alone. */
const atInstall = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare']

function unknownIn(path: string, text: string, { scripts }: Installer): string | null {
  const content = parsed(text)
  if (content === null) return `${path} is no JSON`
  const script = scripts && atInstall.find(name => Object.hasOwn(objectAt(content, 'scripts'), name))
  if (script) return `${path} has the script "${script}", which may read any file`
  const folder = ['dependencies', 'devDependencies', 'optionalDependencies']
    .flatMap(key => Object.entries(objectAt(content, key)))
    .find(([, from]) => typeof from === 'string' && isFolderElsewhere(from))
  return folder === undefined ? null : `${path} takes ${folder[0]} from a folder`
}

/** A tarball of the commit decides by itself; `link:` and `workspace:` are links. */
function isFolderElsewhere(from: string): boolean {
  if (!/^(file:|\.{0,2}\/|~\/)/.test(from)) return false
  return /^(file:)?[/~]/.test(from) || !/\.(tgz|tar|tar\.gz)$/.test(from)
}

function parsed(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

function objectAt(content: object, key: string): object {
  const value: unknown = (content as Readonly<Record<string, unknown>>)[key]
  return typeof value === 'object' && value !== null ? value : {}
}

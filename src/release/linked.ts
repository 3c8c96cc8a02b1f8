/** How many entries linking shared paths and writing REVISION add to a tree that has the given folders. */
export function addedEntries(
  folders: ReadonlySet<string>,
  shared: { readonly dirs: readonly string[]; readonly files: readonly string[] },
): number {
  const parents = new Set([...shared.dirs, ...shared.files].flatMap(parentsOf).filter(parent => !folders.has(parent)))
  return 1 + shared.dirs.length + shared.files.length + parents.size
}

function parentsOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'))
}

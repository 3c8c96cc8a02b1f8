import type { Folder } from './folder.js'
import type { Found, FoundFile } from './walk-tree.js'

/** What was left out, but shared folders that hold nothing: no more than empty files that keep them in git. */
export async function withoutEmpty(folder: Folder<FoundFile>, leftOut: Found['leftOut']): Promise<Found['leftOut']> {
  const missed: Found['leftOut'][number][] = []
  for (const one of leftOut) if (one.why !== 'shared' || !(await isEmpty(folder, one.path))) missed.push(one)
  return missed
}

/** Looks no further than to the first file that is no placeholder. */
async function isEmpty(folder: Folder<FoundFile>, path: string): Promise<boolean> {
  const placeholders: string[] = []
  let holds = false
  await folder.walk((at, isFolder) => {
    const isThere = at === path || at.startsWith(`${path}/`)
    if (holds || !(isThere || path.startsWith(`${at}/`))) return 'unlisted'
    if (isFolder) return 'through'
    if (/\/\.(git)?keep$/.test(at)) placeholders.push(at)
    else holds = true
    return 'unlisted'
  })
  return !holds && (await folder.contents(placeholders)).every(content => content?.length === 0)
}

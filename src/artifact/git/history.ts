import { counted, listed } from '../../text/phrases.js'
import { tryGit } from './git.js'
import { hasCommit } from './mirror.js'
import type { OpenRepository, Repository } from './repository.js'

export interface Commit {
  readonly id: string
  readonly author: string
  readonly subject: string
}

/** What a deploy means for the commits that run: newest first, 1,000 at most; null where that cannot be told. */
export interface History {
  readonly brings: readonly Commit[] | null
  readonly takesAway: readonly Commit[] | null
  readonly warnings: readonly string[]
}

export const unknownHistory: History = { brings: null, takesAway: null, warnings: [] }

/** From the commit that runs to the one that is deployed. `from` may be anything that a host holds. */
export async function historyBetween(
  address: string,
  open: OpenRepository,
  from: string,
  to: string,
): Promise<History> {
  if (!/^[0-9a-f]{40}$/.test(from)) return unknownHistory
  const repository = await open(address)
  const [brings, takesAway] = await Promise.all([
    commitsBetween(repository, from, to),
    commitsBetween(repository, to, from),
  ])
  if ((brings === null || takesAway === null) && !(await hasCommit(repository, from)))
    return { ...unknownHistory, warnings: [await absent(from.slice(0, 7), repository)] }
  return { brings, takesAway, warnings: losses(brings ?? [], takesAway ?? []) }
}

/** What is in commit `to` and not in `from`; null where git cannot say. */
async function commitsBetween({ path: cwd, bare }: Repository, from: string, to: string) {
  const range = ['--max-count=1000', '--format=%H%x00%an%x00%s', `${from}..${to}`, '--']
  const { ok, stdout } = await tryGit(['log', '--no-color', ...range], { cwd, bare })
  if (!ok) return null
  return stdout.split('\n').flatMap((line): Commit[] => {
    const [id = '', author = '', subject = ''] = line.split('\0')
    return id === '' ? [] : [{ id, author, subject }]
  })
}

async function absent(commit: string, { path: cwd, bare, url, shown }: Repository): Promise<string> {
  const said = `the running commit ${commit} is not in`
  if (url !== null) return `${said} ${shown}, as it was fetched for this run`
  const shallow = (await tryGit(['rev-parse', '--is-shallow-repository'], { cwd, bare })).stdout === 'true'
  return shallow ? `${said} this shallow clone: git fetch --unshallow?` : `${said} this clone: git fetch?`
}

function losses(brings: readonly Commit[], takesAway: readonly Commit[]): readonly string[] {
  if (takesAway.length === 0) return []
  const lost = listed(takesAway.map(({ id, subject, author }) => `${id.slice(0, 7)} ${subject} (${author})`))
  const count = counted(takesAway.length, 'commit')
  if (brings.length === 0) return [`goes back ${count}: takes away ${lost}`]
  return [
    `brings ${counted(brings.length, 'commit')} and takes away ${takesAway.length}, for the histories diverge: ${lost}`,
  ]
}

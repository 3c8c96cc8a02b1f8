import { UsageError } from '../../errors.js'
import { suggest } from '../../text/suggest.js'
import { someOf } from '../printable-names.js'
import { AmbiguousRefError, NoSuchRefError, tryGit } from './git.js'
import type { Repository } from './repository.js'

/** The commit that a branch, tag or hash stands for now. */
export async function commitOf(ref: string, repository: Repository): Promise<string> {
  refuseOdd(ref)
  const { path: cwd, bare } = repository
  const asked = tryGit(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`], { cwd, bare })
  const [found] = await Promise.all([asked, refuseAmbiguous(ref, repository)])
  if (!found.ok) throw await noSuchRef(ref, repository)
  return found.stdout.trim()
}

function refuseOdd(ref: string): void {
  if (ref === '' || ref.startsWith('-') || /[\0\n]/.test(ref))
    throw new UsageError(`${JSON.stringify(ref)} cannot be a git ref`, { next: ['name a branch, a tag or a commit'] })
}

async function refuseAmbiguous(ref: string, { path: cwd, bare }: Repository): Promise<void> {
  const both = ['refs/heads/', 'refs/tags/'].map(kind => kind + ref)
  const refs = await tryGit(['for-each-ref', '--format=%(refname)', ...both], { cwd, bare })
  const exact = refs.stdout.split('\n').filter(name => both.includes(name))
  if (exact.length === 2) throw new AmbiguousRefError(ref)
}

async function noSuchRef(ref: string, { path: cwd, bare, shown }: Repository): Promise<NoSuchRefError> {
  const listed = await tryGit(['for-each-ref', '--sort=-creatordate', '--format=%(refname:lstrip=2)'], { cwd, bare })
  const names = listed.stdout.split('\n').filter(name => name !== '' && !name.endsWith('/HEAD'))
  const shallow = (await tryGit(['rev-parse', '--is-shallow-repository'], { cwd, bare })).stdout === 'true'
  const meant = names.find(name => name.endsWith(`/${ref}`)) ?? suggest(ref, names)
  return new NoSuchRefError(
    ref,
    shown,
    [
      names.length === 0 ? 'it has no commits yet' : `it has ${someOf(names, 8)}`,
      ...(shallow ? ['it is a shallow copy: older commits and other branches are not in it'] : []),
    ],
    [
      ...(meant ? [`did you mean ${meant}?`] : []),
      ...(shallow ? ['get the rest: git fetch --unshallow (in CI: fetch-depth: 0)'] : []),
      ...(names.length === 0 ? ['commit something first'] : []),
    ],
  )
}

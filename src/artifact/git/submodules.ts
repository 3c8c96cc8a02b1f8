import { PreflightError } from '../../errors.js'
import { printable } from '../printable.js'
import { gitList } from './git.js'

/** Throws where a commit has submodules: without a word in the config, nobody knows whether their folders may be empty. */
export async function refuseUnsaidSubmodules(dir: string, commit: string): Promise<void> {
  const short = commit.slice(0, 7)
  const failure = `the files of ${short} cannot be listed`
  const entries = await gitList(['ls-files', '-z', '--stage'], { cwd: dir, failure })
  const paths = entries.filter(entry => entry.startsWith('160000 ')).map(entry => entry.slice(entry.indexOf('\t') + 1))
  if (paths.length === 0) return
  throw new PreflightError(`commit ${short} has submodules, and the config does not say whether to check them out`, {
    details: paths.slice(0, 10).map(path => printable(path)),
    next: [
      'check them out: source: { submodules: true }',
      'or leave their folders empty, as for what is no part of the app: source: { submodules: false }',
    ],
  })
}

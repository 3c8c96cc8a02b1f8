import { PreflightError } from '../../errors.js'

export class GitMissingError extends PreflightError {
  override name = 'GitMissingError'
  constructor() {
    super('git is not installed on this machine', {
      next: ['install git, or deploy a folder: source: { dir: … } in the config'],
    })
  }
}

/** A git command failed; `details` are its own words. */
export class GitFailedError extends PreflightError {
  override name = 'GitFailedError'
  constructor(
    what: string,
    readonly output: readonly string[],
    next: readonly string[] = [],
  ) {
    super(what, { details: output, next })
  }
}

export class NotARepositoryError extends PreflightError {
  override name = 'NotARepositoryError'
  constructor(
    readonly path: string,
    output: readonly string[],
  ) {
    super(`${path} cannot be read as a git repository`, {
      details: output,
      next: ['correct source.git in the config, or deploy a folder: source: { dir: … }'],
    })
  }
}

export class NoSuchRefError extends PreflightError {
  override name = 'NoSuchRefError'
  constructor(
    readonly ref: string,
    where: string,
    details: readonly string[],
    next: readonly string[],
  ) {
    super(`there is no commit ${JSON.stringify(ref)} in ${where}`, { details, next })
  }
}

export class AmbiguousRefError extends PreflightError {
  override name = 'AmbiguousRefError'
  constructor(readonly ref: string) {
    super(`${ref} is a branch and a tag`, { next: [`say which: refs/heads/${ref} or refs/tags/${ref}`] })
  }
}

export class NoSuchSubdirError extends PreflightError {
  override name = 'NoSuchSubdirError'
  constructor(
    readonly subdir: string,
    commit: string,
    details: readonly string[],
  ) {
    super(`there is no folder ${subdir} in commit ${commit.slice(0, 7)}`, {
      details,
      next: ['correct source.subdir in the config, or commit the folder'],
    })
  }
}

import type { RestartInput } from '../../config/input.js'
import { UsageError } from '../../errors.js'
import type { Answers, Ci } from '../../project/answers.js'
import type { Guess } from '../../project/guess.js'
import type { Package } from '../../project/package.js'
import type { ProjectRepository } from '../../project/repository.js'
import type { CommonFlags } from '../context/flags.js'

export interface InitFlags extends CommonFlags {
  readonly app?: string
  readonly host?: readonly string[]
  readonly path?: string
  readonly build?: readonly string[]
  readonly include?: readonly string[]
  readonly restart?: string
  readonly health?: string
  readonly ci?: Ci
  readonly sshConfig?: string
  /** `false`: --no-check. */
  readonly check?: boolean
  readonly force?: boolean
  readonly bootResolver?: boolean
  readonly fromCapistrano?: boolean
}

/** What the folder tells by itself. */
export interface Known {
  readonly project: Package | null
  readonly guess: Guess
  readonly repository: ProjectRepository | null
  /** The folder's name. */
  readonly folder: string
  /** The ssh configuration that names hosts. */
  readonly sshConfig: string
}

/** The answers that flags give, where nobody is asked: what a package.json says needs no flag. Throws UsageError. */
export function answersOf(flags: InitFlags, { project, guess, repository }: Known): Answers {
  const { app = project?.name, host: hosts = [], path: deployTo, build = guess.build } = flags
  const missing = [
    ...(flags.yes ? [] : ['--yes']),
    ...(app ? [] : ['--app NAME']),
    ...(hosts.length > 0 ? [] : ['--host HOST (once for each)']),
    ...(deployTo ? [] : ['--path FOLDER']),
  ]
  if (missing.length > 0 || !app || !deployTo) throw missingAnswers(missing)
  const restart = flags.restart === undefined ? (guess.restart?.(app) ?? null) : restartFrom(flags.restart)
  return {
    app,
    git: repository !== null,
    build,
    include: flags.include ?? (flags.build === undefined ? guess.include : []),
    ...asGuessed(flags, guess),
    hosts,
    deployTo,
    restart,
    health: flags.health ?? (restart === null ? null : guess.health),
    sshConfig: flags.sshConfig ?? null,
    ci: flags.ci ?? 'none',
  }
}

/** `Next.js (docs/recipes/next.md)`, or that nothing is known. */
export function recognisedAs({ kind, recipe }: Guess): string {
  if (kind === null)
    return 'What this project is built with was not recognised: say its build, what of it is released and what restarts it.'
  return `Recognised: ${kind}. What its hosts need is in docs/recipes/${recipe}.md of clonedeploy.`
}

const warm: Readonly<Record<string, string>> = {
  django: 'gunicorn-warm',
  flask: 'gunicorn-warm',
  rails: 'puma-warm',
  sinatra: 'puma-warm',
  php: 'php-fpm-warm',
  laravel: 'php-fpm-warm',
  symfony: 'php-fpm-warm',
}

/** Where a recipe is by which no user meets a release before it runs on every host. */
export function warmRecipe({ recipe }: Guess): readonly string[] {
  const name = warm[recipe ?? '']
  if (name === undefined) return []
  return [`So that it runs, healthy, on every host before any user meets it: docs/recipes/${name}.md of clonedeploy.`]
}

/** What goes without a question: another build than the one that was guessed leaves its result elsewhere. */
export function asGuessed({ build, include }: Pick<InitFlags, 'build' | 'include'>, guess: Guess) {
  const { from, more } = guess
  const same = (given: readonly string[] | undefined, expected: readonly string[]) =>
    given === undefined || given.join('\n') === expected.join('\n')
  if (same(build, guess.build) && same(include, guess.include)) return { from, more }
  const { root, writable, ...others } = more
  return { from, more: root === undefined && writable !== undefined ? { writable, ...others } : others }
}

/** A command as it is typed by hand. Of a unit more is checked than that its command can be run. */
export function restartFrom(command: string): RestartInput | null {
  const [, unit] = /^sudo (?:-n )?systemctl restart ([\w.@:-]+)$/.exec(command.trim()) ?? []
  if (unit !== undefined) return { systemd: unit }
  return command.trim() === '' ? null : command
}

/** `a, b` as a list. */
export function listed(text: string): readonly string[] {
  return text
    .split(',')
    .map(one => one.trim())
    .filter(one => one !== '')
}

function missingAnswers(missing: readonly string[]): UsageError {
  return new UsageError(
    `Nobody is asked here, and something is not said: ${missing.join(', ')}. Nothing was written.`,
    {
      next: [
        'clonedeploy init --yes --app shop --host web-1 --host web-2 --path /srv/shop [--restart CMD] [--health URL] [--build CMD]... [--ci github]',
      ],
    },
  )
}

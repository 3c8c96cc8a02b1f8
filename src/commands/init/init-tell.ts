import type { Answers } from '../../project/answers.js'
import type { Capistrano } from '../../project/capistrano/capistrano.js'
import { includedPipeline } from '../../project/pipeline.js'
import { createPaint } from '../../render/paint.js'
import { isWell, lookLines } from '../../render/reports/found-hosts.js'
import { jsonReport } from '../../render/reports/report-json.js'
import { listed } from '../../text/phrases.js'
import type { Form } from '../context/ask.js'
import type { Io } from '../context/io.js'
import { type InitFlags, type Known, recognisedAs, warmRecipe } from './init-answers.js'
import { capistranoNotes, leftLines } from './init-capistrano.js'
import { withoutPin } from './init-hosts.js'
import type { Looked } from './init-look.js'
import type { ForRunner } from './init-runner.js'

interface Done {
  readonly answers: Answers
  readonly known: Known
  /** null: no host was contacted. */
  readonly looked: Looked | null
  /** What the workflow says of the hosts. */
  readonly runner: ForRunner
  readonly written: readonly string[]
  readonly kept: readonly string[]
  /** null: the project is none of Capistrano's, as far as was asked. */
  readonly capistrano: Capistrano | null
}

export async function tellLooks(io: Io, form: Form | null, { looks, notes }: Looked): Promise<void> {
  const paint = await createPaint(io.output.terminal.stderr.level)
  const lines = [...lookLines(looks, paint), ...notes.map(text => `${paint.warn('!')} ${text}`)].map(io.propose)
  if (form === null) io.output.stderr(`${lines.join('\n')}\n`)
  else form.say(...lines)
}

/** What was written, what is still to do, and how it goes on. */
export function tellInit(io: Io, flags: InitFlags, form: Form | null, done: Done): void {
  const { written, kept, looked, answers, capistrano } = done
  const left = capistrano === null ? [] : leftLines(capistrano)
  const notes = notesOf(done).map(io.propose)
  const said = [
    `Wrote ${written.join('  ')}`,
    ...(kept.length === 0 ? [] : [`Kept  ${kept.join('  ')}   (there already; --force overwrites)`]),
  ]
  const next = io.propose('Next: clonedeploy check  →  clonedeploy deploy --dry-run')
  if (form !== null) {
    form.say(...said)
    if (notes.length > 0) form.say(...notes)
    if (left.length > 0) form.say(...left)
    form.end(next)
  } else if (!flags.json) io.output.stdout(`${[...said, ...notes, ...left, next].join('\n')}\n`)
  if (!flags.json) return
  const hosts = looked?.looks.map(look => ({
    name: look.name,
    ok: isWell(look),
    address: look.login?.address ?? null,
    hostKey: look.login?.hostKey?.fingerprint ?? null,
    problems: look.error === null ? look.problems.map(({ text }) => text) : [look.error.message],
  }))
  const { app } = answers
  const read = capistrano === null ? {} : { capistrano: { read: capistrano.files, left: capistrano.left } }
  const ended = { command: 'init', result: 'done', exitCode: 0, stage: null }
  io.output.stdout(jsonReport(ended, { app, written, kept, hosts: hosts ?? null, notes, ...read }))
}

function notesOf({ answers, known, looked, runner, written, kept, capistrano }: Done): readonly string[] {
  const failing = looked?.looks.filter(look => !isWell(look)).map(({ name }) => name) ?? []
  return [
    recognisedAs(known.guess),
    ...warmRecipe(known.guess),
    ...(capistrano === null ? [] : capistranoNotes(capistrano, answers)),
    ...(looked === null ? ['No host was contacted.'] : []),
    ...(failing.length === 0
      ? []
      : [`${failing.join(', ')}: nothing can be deployed before the ✖ above is put right.`]),
    ...(answers.restart !== null && answers.health === null
      ? ['No health check: an app that does not start counts as deployed. Add health to the configuration.']
      : []),
    ...(answers.git && written.length > 0 ? [`Commit ${listed(written)}: a deploy takes what is committed.`] : []),
    ...(answers.ci === 'none' ? [] : workflowNotes(answers, known, runner)),
    ...(answers.ci === 'gitlab' ? includeNote([...written, ...kept]) : []),
  ]
}

function includeNote(files: readonly string[]): readonly string[] {
  if (!files.some(file => file.endsWith(includedPipeline))) return []
  return [`.gitlab-ci.yml was there before: add to it  include: { local: /${includedPipeline} }`]
}

function workflowNotes(
  { hosts, ci }: Answers,
  { project }: Known,
  { unresolved, strangers, away }: ForRunner,
): readonly string[] {
  const unpinned = withoutPin(hosts)
  return [
    `The workflow logs in with ${ci === 'github' ? 'the secret SSH_KEY' : 'SSH_KEY, a protected variable of type File'}: a private key that the hosts know, and that has no passphrase.`,
    ...(project?.dependencies.has('clonedeploy')
      ? []
      : ['The workflow runs the clonedeploy that the project depends on: add it to devDependencies.']),
    ...(away === null ? [] : [`The workflow has no ${away}: put it into the repository, or leave --ssh-config out.`]),
    ...(unresolved.length === 0
      ? []
      : [
          `${unresolved.join(', ')} cannot be found from here: the workflow says nothing of ${unresolved.length === 1 ? 'it' : 'them'}. Add HostName and User there.`,
        ]),
    ...(unpinned.length === 0
      ? []
      : [`The workflow knows no host key of ${unpinned.join(', ')}: add hostKey: 'SHA256:…' there.`]),
    ...(strangers.length === 0
      ? []
      : [
          `The workflow knows no host key of ${strangers.join(', ')}, on the way to a host: clonedeploy trust ${strangers.join(',')}, then write it again (--force).`,
        ]),
  ]
}

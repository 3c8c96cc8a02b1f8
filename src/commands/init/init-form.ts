import type { RestartInput } from '../../config/input.js'
import { answerProblem, hostsProblem } from '../../config/problems/answer-problem.js'
import { type SshConfigReader, sshConfigReader } from '../../connection/ssh-config/ssh-config.js'
import { sshAliases } from '../../connection/ssh-config/ssh-dump.js'
import type { Answers, Ci } from '../../project/answers.js'
import type { Form } from '../context/ask.js'
import { asGuessed, type InitFlags, type Known, listed, recognisedAs, restartFrom } from './init-answers.js'
import { unknownHosts } from './init-runner.js'

/** Asks for everything that no flag has said. */
export async function askAnswers(form: Form, flags: InitFlags, known: Known): Promise<Answers> {
  form.say(recognisedAs(known.guess))
  const app = flags.app ?? (await askApp(form, known))
  const build = flags.build ?? (await askBuild(form, known))
  const include = flags.include ?? (await askInclude(form, known, build))
  const hosts =
    flags.host ?? (await askHosts(form, known, sshConfigReader(flags.sshConfig === undefined ? null : known.sshConfig)))
  const deployTo = flags.path ?? (await askPath(form, app))
  const restart = flags.restart === undefined ? await askRestart(form, known, app) : restartFrom(flags.restart)
  const health = flags.health ?? (await askHealth(form, known, restart !== null))
  const ci = flags.ci ?? (await askCi(form, known))
  const { sshConfig = null } = flags
  const git = known.repository !== null
  const rest = asGuessed({ build, include }, known.guess)
  return { app, git, build, include, ...rest, hosts, deployTo, restart, health: health || null, sshConfig, ci }
}

function askApp(form: Form, { project, folder }: Known): Promise<string> {
  const from = project?.name ? 'package.json' : 'the folder'
  const initial = project?.name ?? folder
  return form.text({ message: `App name (from ${from})`, initial, problem: answer => answerProblem('app', answer) })
}

async function askBuild(form: Form, { guess }: Known): Promise<readonly string[]> {
  const initial = guess.build.join(' && ')
  const from = initial === '' ? 'a command; empty for none' : 'from package.json; empty for none'
  const answer = await form.text({ message: `Build, on this machine (${from})`, initial, problem: () => undefined })
  if (answer === initial) return guess.build
  return answer === '' ? [] : [answer]
}

async function askInclude(form: Form, { guess }: Known, build: readonly string[]): Promise<readonly string[]> {
  if (build.length === 0) return []
  const answer = await form.text({
    message: 'What of it makes the release (paths, comma separated; empty for everything)',
    initial: guess.include.join(', '),
    example: 'e.g. dist, node_modules, package.json',
    problem: paths => (paths === '' ? undefined : answerProblem('include', listed(paths))),
  })
  return listed(answer)
}

/** Asks again after a host that nobody here knows, and takes it when it is said once more. */
async function askHosts(form: Form, { sshConfig }: Known, read: SshConfigReader): Promise<readonly string[]> {
  const aliases = sshAliases(sshConfig)
  const ask = (initial = '') =>
    form.text({
      message: 'Hosts (ssh alias or user@host[:port], comma separated)',
      initial,
      example:
        aliases.length === 0
          ? 'e.g. deploy@10.0.0.11, deploy@10.0.0.12'
          : `in your ssh config: ${aliases.slice(0, 8).join(', ')}`,
      problem: hosts => (listed(hosts).length === 0 ? 'Name at least one host.' : hostsProblem(listed(hosts))),
    })
  for (let answer = await ask(), last = ''; ; ) {
    const unknown = answer === last ? [] : await unknownHosts(listed(answer), read)
    if (unknown.length === 0) return listed(answer)
    const what =
      unknown.length === 1 ? 'is no alias of your ssh config and has' : 'are no aliases of your ssh config and have'
    form.say(`${unknown.join(', ')} ${what} no address. Correct it, or press Enter to keep it.`)
    last = answer
    answer = await ask(answer)
  }
}

function askPath(form: Form, app: string): Promise<string> {
  return form.text({
    message: 'Deploy path (on the hosts; relative to the home of the login, or absolute)',
    initial: `/srv/${app}`,
    problem: path => answerProblem('deployTo', path),
  })
}

async function askRestart(form: Form, { guess }: Known, app: string): Promise<RestartInput | null> {
  const expected = guess.restart?.(app) ?? { systemd: app }
  const choices = [
    { value: 'systemd', label: `systemd unit ${expected.systemd}${expected.reload ? ', reloaded' : ''}` },
    { value: 'pm2', label: 'pm2, by shared/ecosystem.config.cjs' },
    { value: 'own', label: 'own command' },
    { value: 'none', label: 'none (static files)' },
  ] as const
  const chosen = await form.choice('Restart', choices, guess.restart === null ? 'none' : 'systemd')
  if (chosen === 'systemd') return expected
  if (chosen === 'pm2') return { pm2: 'shared/ecosystem.config.cjs' }
  if (chosen === 'none') return null
  return restartFrom(
    await form.text({ message: 'Command, run in current', problem: command => answerProblem('restart', command) }),
  )
}

function askHealth(form: Form, { guess }: Known, runs: boolean): Promise<string> {
  return form.text({
    message: 'Health check (an address on each host; empty for none)',
    initial: runs ? (guess.health ?? '') : '',
    example: runs ? 'e.g. http://127.0.0.1:3000/healthz' : 'e.g. http://127.0.0.1/',
    problem: url => (url === '' ? undefined : answerProblem('health', { url })),
  })
}

function askCi(form: Form, { repository }: Known): Promise<Ci> {
  const choices = [
    { value: 'github', label: 'GitHub Actions: .github/workflows/deploy.yml' },
    { value: 'gitlab', label: 'GitLab CI: .gitlab-ci.yml' },
    { value: 'none', label: 'none' },
  ] as const
  return form.choice<Ci>('CI workflow', choices, repository?.forge ?? 'none')
}

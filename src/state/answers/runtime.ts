import { byWhat, everyHost } from '../../text/phrases.js'

/** What a host prints first where a command is run that has to print the same on every host, or how that fails. */
export interface RuntimeAnswer {
  readonly run: string
  readonly ok: boolean
  readonly says: string
}

interface Answered {
  readonly name: string
  /** Absent: nothing was asked, or it is not known. */
  readonly runtime?: readonly RuntimeAnswer[]
}

/** What is to be said of commands that do not print the same everywhere, and of those that fail wherever they are run. */
export function runtimeTexts(hosts: readonly Answered[]): readonly string[] {
  const answers = hosts.flatMap(({ name, runtime = [] }) => runtime.map(answer => ({ name, ...answer })))
  const commands = [...new Set(answers.map(({ run }) => run))]
  return commands.flatMap(command => {
    const own = answers.filter(({ run }) => run === command)
    const parts = byWhat(own.map(({ name, ok, says }) => [name, ok ? says : `it fails with ${says}`]))
    const isLike = parts.length < 2
    if (own.every(({ ok }) => !ok)) {
      const how = isLike ? own[0]?.says : byWhat(own.map(({ name, says }) => [name, says])).join('; ')
      return [`${command} fails on ${everyHost(own.length)}: ${how}`]
    }
    return isLike ? [] : [`the hosts are not alike by ${command}: ${parts.join('; ')}`]
  })
}

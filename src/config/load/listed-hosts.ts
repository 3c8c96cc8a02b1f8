import { PreflightError } from '../../errors.js'
import { type AnsibleHost, ansibleHosts, ansibleNames, reachedBy } from '../../inventory/ansible.js'
import type { CommandSource, HostEntry } from '../../inventory/host.js'
import { escapeLine, escapeLines } from '../../text/escape.js'
import { listed } from '../../text/phrases.js'
import { checkHosts, checkValue } from '../check-value.js'
import { isObject } from '../choose.js'
import { isAnsible, readAnsible } from '../fields/ansible.js'
import { host, hostList } from '../fields/hosts.js'
import { type Problem, problemLines } from '../problems/problem.js'
import { type Printed, printedBy } from './printed-by.js'

interface Asking {
  /** The folder that the command runs in. */
  readonly root: string
  readonly deployTo: string
  readonly signal: AbortSignal | null
  /** Told what the command says on stderr, where its list is taken. */
  readonly say: (line: string) => void
}

/** The hosts that a command lists. Throws PreflightError: for all that goes wrong, and for a list without hosts. */
export async function listedHosts(source: CommandSource, asking: Asking): Promise<readonly HostEntry[]> {
  const { command, timeout, roles } = source
  const printed = await printedBy(command, { cwd: asking.root, timeout, signal: asking.signal })
  if (printed.failed !== null) throw refused(source, printed.failed, printed.said)
  const value = parsed(source, printed)
  const { hosts, problems } = isAnsible(value) ? ofAnsible(source, value, printed) : ownList(source, value, printed)
  const wrong = problems.length > 0 ? problems : checkHosts(hosts, asking.deployTo, ['hosts'])
  if (wrong.length > 0) throw refused(source, 'lists hosts that cannot be used', shown(wrong))
  if (hosts.length === 0) throw refused(source, nobody(roles), printed.said)
  for (const line of printed.said) asking.say(line)
  return hosts
}

interface Read {
  readonly hosts: readonly HostEntry[]
  readonly problems: readonly Problem[]
}

const most = 1000

function ownList(source: CommandSource, value: unknown, { said }: Printed): Read {
  if (isObject(value))
    throw refused(source, 'printed an object without _meta: no list of hosts, nor one of Ansible', said)
  if (Array.isArray(value) && value.length === 0) return { hosts: [], problems: [] }
  if (Array.isArray(value) && value.length > most) return tooMany(value.length)
  const checked = checkValue(hostList, value, ['hosts'])
  if (!checked.ok) return { hosts: [], problems: checked.problems }
  return { hosts: checked.value.filter(one => isMeant(one.roles, source.roles)), problems: [] }
}

function ofAnsible(source: CommandSource, value: Readonly<Record<string, unknown>>, { said }: Printed): Read {
  const list = readAnsible(value)
  if (list === null)
    throw refused(
      source,
      'printed no list of hosts: its _meta.hostvars or its groups are not as Ansible has them',
      said,
    )
  const meant = ansibleHosts(list).filter(one => isMeant(one.roles, source.roles))
  if (meant.length > most) return tooMany(meant.length)
  const read = meant.map(entryOf)
  return { hosts: read.flatMap(one => one.hosts), problems: read.flatMap(one => one.problems) }
}

/** A problem is told by the variable that it is in. */
function entryOf({ name, roles, variables }: AnsibleHost): Read {
  const reached = reachedBy(variables)
  const path = ['hostvars', name]
  if ('problem' in reached) {
    const { variable, text } = reached.problem
    return { hosts: [], problems: [{ path: [...path, variable], text }] }
  }
  const checked = checkValue(host, { ...reached.said, name, roles }, path)
  if (checked.ok) return { hosts: [checked.value], problems: [] }
  return { hosts: [], problems: checked.problems.map(one => ({ ...one, path: one.path.map(inAnsible) })) }
}

function inAnsible(key: PropertyKey, index: number): PropertyKey {
  return index === 2 ? (ansibleNames[key as keyof typeof ansibleNames] ?? key) : key
}

function tooMany(count: number): Read {
  return { hosts: [], problems: [{ path: ['hosts'], text: `are ${count}, and ${most} are the most that are taken` }] }
}

function isMeant(own: readonly string[], wanted: CommandSource['roles']): boolean {
  return wanted === null || own.some(role => wanted.includes(role))
}

function nobody(roles: CommandSource['roles']): string {
  return roles === null ? 'lists no hosts' : `lists no host with the role ${listed(roles)}`
}

function parsed(source: CommandSource, { stdout, said }: Printed): unknown {
  try {
    return JSON.parse(stdout.replace(/^\uFEFF/, ''))
  } catch {
    const printed = stdout === '' ? [] : escapeLines(stdout.slice(0, 2000), 200).slice(0, 5)
    throw refused(source, stdout === '' ? 'printed nothing' : 'printed no JSON', [...printed, ...said])
  }
}

function shown(problems: readonly Problem[]): readonly string[] {
  const lines = problemLines(problems).map(line => escapeLine(line, 300))
  return lines.length <= 20 ? lines : [...lines.slice(0, 20), `… and ${lines.length - 20} more`]
}

function refused({ command }: CommandSource, what: string, details: readonly string[]): PreflightError {
  return new PreflightError(`The hosts are not known: \`${command}\` ${what}.`, {
    changed: 'nothing',
    details,
    next: [`run it here to see more: ${command}`],
  })
}

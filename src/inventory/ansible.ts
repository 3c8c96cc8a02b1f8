/** What `ansible-inventory --list` prints: `_meta` apart, each key is a group. */
export interface AnsibleList {
  readonly hostvars: ReadonlyMap<string, AnsibleVariables>
  readonly groups: ReadonlyMap<string, AnsibleGroup>
}

export type AnsibleVariables = Readonly<Record<string, unknown>>

export interface AnsibleGroup {
  readonly hosts: readonly string[]
  readonly children: readonly string[]
}

/** A host with the roles that its groups are. */
export interface AnsibleHost {
  readonly name: string
  readonly roles: readonly string[]
  readonly variables: AnsibleVariables
}

/** Every host of the list, also one that has no variables or is in no group, in the order of their names. */
export function ansibleHosts({ hostvars, groups }: AnsibleList): readonly AnsibleHost[] {
  const parents = parentsOf(groups)
  const names = new Set([...hostvars.keys(), ...[...groups.values()].flatMap(({ hosts }) => hosts)])
  const inGroups = new Map<string, string[]>([...names].map(name => [name, []]))
  for (const [group, { hosts }] of groups) for (const name of hosts) inGroups.get(name)?.push(group)
  return [...names].sort().map(name => ({
    name,
    roles: rolesOf(inGroups.get(name) ?? [], parents),
    variables: hostvars.get(name) ?? {},
  }))
}

function parentsOf(groups: AnsibleList['groups']): ReadonlyMap<string, readonly string[]> {
  const parents = new Map<string, string[]>()
  for (const [group, { children }] of groups)
    for (const child of children) parents.set(child, [...(parents.get(child) ?? []), group])
  return parents
}

/** The groups of a host, and those that they are children of. A name that no role can have could be named nowhere. */
function rolesOf(direct: readonly string[], parents: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const all = new Set(direct)
  for (const group of all) for (const parent of parents.get(group) ?? []) all.add(parent)
  return [...all].filter(name => name !== 'all' && name !== 'ungrouped' && /^[\w.:-]+$/.test(name)).sort()
}

/** Which variable says what of a host. */
export const ansibleNames = {
  host: 'ansible_host',
  port: 'ansible_port',
  user: 'ansible_user',
  identityFile: 'ansible_ssh_private_key_file',
  jump: 'ansible_ssh_common_args',
} as const

/** What Ansible says of how to reach a host, as our own list would have it; not checked. */
export function reachedBy(variables: AnsibleVariables): Reached {
  const odd = oddIn(variables)
  if (odd !== null) return { problem: odd }
  const said = Object.entries(ansibleNames).map(([key, name]) => [key, plain(variables[name])] as const)
  const found = Object.fromEntries(said.filter(([, value]) => value !== undefined && value !== null && value !== ''))
  const { jump: options, port, ...rest } = found
  const jump = jumpIn(typeof options === 'string' ? options : '')
  if (jump !== null && 'problem' in jump) return { problem: { variable: ansibleNames.jump, text: jump.problem } }
  const number = typeof port === 'string' && /^\d+$/.test(port) ? Number(port) : port
  return { said: { ...rest, ...(port === undefined ? {} : { port: number }), ...jump } }
}

type Reached = { readonly said: Readonly<Record<string, unknown>> } | { readonly problem: Odd }

/** A variable by which a host cannot be reached, and why. */
interface Odd {
  readonly variable: string
  readonly text: string
}

const bySsh = new Set([
  'ssh',
  'smart',
  'paramiko',
  'paramiko_ssh',
  'ansible.builtin.ssh',
  'ansible.builtin.paramiko_ssh',
])

function oddIn(variables: AnsibleVariables): Odd | null {
  const connection = plain(variables.ansible_connection)
  if (typeof connection === 'string' && !bySsh.has(connection)) {
    const text = `is ${JSON.stringify(connection)}, and clonedeploy reaches hosts by SSH alone; hosts.roles takes some groups only`
    return { variable: 'ansible_connection', text }
  }
  const template = Object.values(ansibleNames).find(name => /\{[{%]/.test(String(plain(variables[name]) ?? '')))
  if (template === undefined) return null
  return { variable: template, text: 'is a template, which ansible-inventory does not fill in' }
}

/** A value that came from outside of Ansible is wrapped: `{ "__ansible_unsafe": "10.0.0.1" }`. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return '__ansible_unsafe' in value ? value.__ansible_unsafe : value
}

/** The jump hosts in options of ssh: `-J a,b`, `-o ProxyJump=a`. Other options are as good as not there. */
export function jumpIn(options: string): { readonly jump: string } | { readonly problem: string } | null {
  const words = wordsIn(options)
  if (words === null) return { problem: 'has a quote without an end' }
  for (const [i, word] of words.entries()) {
    const [, flag = '', joined = ''] = /^-([Jo])(.*)$/s.exec(word) ?? []
    const value = joined === '' ? (words[i + 1] ?? '') : joined
    if (flag === 'J') return hops(value)
    const [, option = '', text = ''] = flag === 'o' ? (/^\s*(\w+)(?:\s*=\s*|\s+)(.*)$/s.exec(value) ?? []) : []
    if (option.toLowerCase() === 'proxyjump') return hops(text)
    if (option.toLowerCase() === 'proxycommand' && text !== 'none') return { problem: proxyCommand }
  }
  return null
}

const proxyCommand =
  'has a ProxyCommand, which clonedeploy takes from your ssh configuration only; write it there, or as -J'

function hops(text: string): { readonly jump: string } | null {
  return text === '' || text === 'none' ? null : { jump: text }
}

/** The words of a command line, without their quotes; null where a quote has no end. */
function wordsIn(line: string): readonly string[] | null {
  const words = line.match(/(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\])+/gs) ?? []
  if (words.join('').length !== line.replace(/(\\.|'[^']*'|"(?:\\.|[^"\\])*")|\s+/gs, '$1').length) return null
  return words.map(word =>
    word.replace(
      /\\(.)|'([^']*)'|"((?:\\.|[^"\\])*)"/gs,
      (_, one, single, double) => one ?? single ?? String(double).replace(/\\(["\\$`])/g, '$1'),
    ),
  )
}

import { checkHosts, checkValue } from '../check-value.js'
import { hostList } from '../fields/hosts.js'
import { fields } from '../schema.js'

/** What is wrong with the value of one key, as a sentence without its subject; undefined when nothing is. */
export function answerProblem(key: keyof typeof fields, value: unknown): string | undefined {
  const checked = checkValue<unknown>(fields[key], value, [key])
  return checked.ok ? undefined : checked.problems[0]?.text
}

/** The same of a list of hosts, also where it is only together that they cannot be. */
export function hostsProblem(hosts: readonly unknown[]): string | undefined {
  const checked = checkValue(hostList, hosts, ['hosts'])
  const problems = checked.ok ? checkHosts(checked.value, null, ['hosts']) : checked.problems
  return problems[0]?.text
}

import { describe, expect, it } from 'vitest'
import { restart } from '../../src/config/fields/restart.js'
import { sudoersLine } from '../../src/fleet/read/service-problems.js'
import { serviceText } from '../../src/scripts/service/restart-command.js'
import { document, table } from './markdown.js'

const text = document('docs/serve.md')

function serviceOf(value: unknown) {
  const [hook] = restart.parse(value)
  if (hook?.service === undefined) throw new Error(`${JSON.stringify(value)} is no service`)
  return hook.service
}

describe('docs/serve.md', () => {
  it.each([
    [{ systemd: 'shop' }, 'deploy ALL=(root) NOPASSWD: /usr/bin/systemctl restart shop'],
    [
      { systemd: 'shop@{1,2}', reload: true },
      'deploy ALL=(root) NOPASSWD: /usr/bin/systemctl reload-or-restart shop@1 shop@2',
    ],
  ])('has the line of sudoers for %j', (value, line) => {
    expect(sudoersLine('deploy', '/usr/bin/systemctl', serviceOf(value))).toBe(line)
    expect(text.split('\n')).toContain(line)
  })

  const rows = table(text, '| `restart` |').flatMap(([cell = '', runs = '']) =>
    (cell.match(/\{[^`]+\}(?=`)/g) ?? []).filter(value => /'/.test(value)).map(value => [value, runs] as const),
  )

  it.each(rows)('says what %s runs', (value, runs) => {
    const json = value.replaceAll("'", '"').replaceAll(/(\w+):/g, '"$1":')
    const said = serviceText(serviceOf(JSON.parse(json)))
    const general = said.replace(/ shared\/.*$/, ' FILE').replace(/^touch /, '')
    expect(runs.includes(general) || runs.includes('all units') || general.endsWith(lastWords(runs))).toBe(true)
  })
})

function lastWords(runs: string): string {
  return /… (.*)`/.exec(runs)?.[1] ?? 'nothing'
}

it('a line of sudoers has backslashes where sudo needs them', () => {
  const service = serviceOf({ systemd: 'dev-disk:a' })
  expect(sudoersLine('deploy', '/bin/systemctl', service)).toBe(
    'deploy ALL=(root) NOPASSWD: /bin/systemctl restart dev-disk\\:a',
  )
})

import type { ConfigInput } from '../config/input.js'
import { literal } from './literal.js'

/** A deploy.config.ts that says this, with a word on what is not plain. */
export function configText(config: ConfigInput): string {
  const blocks = groups.map(keys => keys.flatMap(key => lines(config, key)).join('\n')).filter(text => text !== '')
  const head = ["import { defineConfig } from 'clonedeploy'", '', 'export default defineConfig({']
  return [...head, blocks.join('\n\n'), '})', ''].join('\n')
}

type Key = keyof ConfigInput

const groups: readonly (readonly Key[])[] = [
  ['app'],
  ['source', 'build', 'root', 'include', 'writable'],
  ['hosts', 'deployTo', 'keepReleases', 'ssh'],
  ['shared'],
  ['env', 'prepare'],
  ['restart'],
  ['health'],
  ['stages'],
]

function lines(config: ConfigInput, key: Key): readonly string[] {
  const value = config[key]
  const said = comments[key]?.(config) ?? []
  const code = value === undefined ? [] : [`${key}: ${literal(value, 2, 2 + key.length + 2)},`]
  return [...said.map(line => `// ${line}`), ...code].map(line => `  ${line}`)
}

const comments: { readonly [K in Key]?: (config: ConfigInput) => readonly string[] } = {
  source: ({ source }) => aboutSource(source),
  hosts: ({ hosts }) => (hosts === undefined ? [] : ['As for ssh: an alias of your ssh config, or user@host:port.']),
  restart: ({ restart }) =>
    restart === undefined
      ? ['What makes the app serve what `current` points at; or a command:', "restart: { systemd: 'shop' },"]
      : [
          'Makes the app serve what `current` points at, and the old release again when all hosts go back.',
          ...about(restart),
        ],
  health: ({ health }) =>
    health === undefined
      ? ['Asked on each host: unless all are well in time, all of them go back.', `health: { url: '${exampleUrl}' },`]
      : [
          'Asked on each host: unless all of them answer 200 in time, all of them go back.',
          "With release: 'body' the answer must also name the release: then an old process cannot pass for the new one.",
        ],
  writable: ({ writable }) =>
    writable === undefined
      ? []
      : ['What the app writes in its release: copied for each one, and compared with nothing.'],
  shared: ({ shared }) => [
    'What belongs to a host and outlives releases, linked from shared/ into each of them:',
    ...(shared === undefined ? ["shared: { dirs: ['uploads'], files: ['.env'] },"] : []),
  ],
  prepare: ({ prepare }) =>
    prepare === undefined ? [] : ['In the new release on each host, before any host is swapped.'],
}

function aboutSource(source: ConfigInput['source']): readonly string[] {
  if (source === undefined) return []
  if (!('git' in source)) return ['This folder, as it is.']
  return source.ref === undefined && !/[:@]/.test(source.git)
    ? ['A clean checkout of the commit that is checked out here: what is not committed is not deployed.']
    : ['A clean checkout of this repository: what is not pushed to it is not deployed. Another commit: --ref.']
}

const exampleUrl = 'http://127.0.0.1:3000/healthz'

function about(restart: ConfigInput['restart']): readonly string[] {
  if (typeof restart !== 'object') return []
  const verb = 'reload' in restart && restart.reload ? 'reload-or-restart' : 'restart'
  if ('systemd' in restart)
    return [`In sudoers: LOGIN ALL=(root) NOPASSWD: /usr/bin/systemctl ${verb} ${restart.systemd}`]
  return 'pm2' in restart ? ["A file on each host, in which the app's cwd is the path of `current`."] : []
}

import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { git } from '../artifact/repositories.js'

/** A checkout that somebody else filled, and what a dry run of it comes to. */
export interface HostileRepository {
  readonly name: string
  /** Fills the checkout, which is a repository with one commit; `canary` is a program that must not be run. Gives its config. */
  readonly fill: (dir: string, canary: string) => object
  readonly code: number
  readonly says: string
}

/** A git directory among the files of a checkout, whose settings name programs. */
function gitDirectory(dir: string, name: string, canary: string): void {
  const made = join(dir, 'made')
  git(dir, 'clone', '--quiet', '--bare', dir, made)
  const settings = [
    ...[
      '[core]',
      'bare = false',
      'worktree = ..',
      `fsmonitor = ${canary}`,
      `sshCommand = ${canary}`,
      `pager = ${canary}`,
    ],
    ...['[filter "evil"]', `clean = ${canary}`, `smudge = ${canary}`, `process = ${canary}`, 'required = true'],
    ...[
      '[remote "origin"]',
      `url = ${dir}`,
      `uploadpack = ${canary}`,
      'promisor = true',
      'partialclonefilter = blob:none',
    ],
    ...['[uploadpack]', `packObjectsHook = ${canary}`, '[extensions]', 'partialClone = origin'],
    ...['[diff]', `external = ${canary}`, '[credential]', `helper = !${canary}`, '[gpg]', `program = ${canary}`],
  ]
  writeFileSync(join(made, 'config'), `${settings.join('\n')}\n`)
  for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction', 'pre-auto-gc']) {
    mkdirSync(join(made, 'hooks'), { recursive: true })
    writeFileSync(join(made, 'hooks', hook), `#!/bin/sh\nexec ${canary}\n`, { mode: 0o755 })
  }
  // What git has of the tree differs from what is there: it asks the filter.
  git(
    dir,
    `--git-dir=${made}`,
    '-c',
    'core.fsmonitor=false',
    '-c',
    'core.bare=true',
    '-c',
    'filter.evil.process=',
    '-c',
    'filter.evil.clean=cat',
    'read-tree',
    'HEAD',
  )
  appendFileSync(join(dir, 'a'), 'changed\n')
  writeFileSync(join(dir, '.gitattributes'), '* filter=evil diff=evil\n')
  renameSync(made, join(dir, name))
}

function submodules(dir: string, settings: Readonly<Record<string, string>>): void {
  const head = git(dir, 'rev-parse', 'HEAD')
  const text = Object.entries(settings).map(([name, own]) => `[submodule "${name}"]\n\tpath = ${name}\n\t${own}\n`)
  writeFileSync(join(dir, '.gitmodules'), text.join(''))
  git(dir, 'add', '.gitmodules')
  for (const name of Object.keys(settings)) git(dir, 'update-index', '--add', '--cacheinfo', `160000,${head},${name}`)
  git(dir, 'commit', '--quiet', '--message', 'submodules')
}

function committed(dir: string): void {
  git(dir, 'add', '--all', '--force')
  git(dir, 'commit', '--quiet', '--message', 'more')
}

const missing = '0123456789012345678901234567890123456789'
const ownRepository = 'is a git repository of its own, inside'

export const hostileRepositories: readonly HostileRepository[] = [
  {
    name: 'a git directory among its files, with filters',
    fill: (dir, canary) => {
      gitDirectory(dir, 'evil', canary)
      return { source: { git: 'evil' } }
    },
    code: 3,
    says: ownRepository,
  },
  {
    name: 'a git directory that fetches what it misses',
    fill: (dir, canary) => {
      gitDirectory(dir, 'evil', canary)
      return { source: { git: 'evil', ref: missing } }
    },
    code: 3,
    says: ownRepository,
  },
  {
    name: 'a folder below a git directory',
    fill: (dir, canary) => {
      gitDirectory(dir, 'evil', canary)
      return { source: { git: 'evil/refs' } }
    },
    code: 3,
    says: ownRepository,
  },
  {
    name: 'a link to a git directory',
    fill: (dir, canary) => {
      gitDirectory(dir, 'evil', canary)
      symlinkSync('evil', join(dir, 'link'))
      return { source: { git: 'link' } }
    },
    code: 3,
    says: ownRepository,
  },
  {
    name: 'a git directory whose objects are elsewhere',
    fill: (dir, canary) => {
      gitDirectory(dir, 'evil', canary)
      mkdirSync(join(dir, 'thin'))
      for (const file of ['HEAD', 'config', 'index']) cpSync(join(dir, 'evil', file), join(dir, 'thin', file))
      writeFileSync(join(dir, 'thin/commondir'), '../evil\n')
      return { source: { git: 'thin' } }
    },
    code: 3,
    says: ownRepository,
  },
  {
    name: 'the address of a git directory among its files',
    fill: (dir, canary) => {
      gitDirectory(dir, 'evil', canary)
      return { source: { git: `file://${dir}/evil` } }
    },
    code: 3,
    says: ownRepository,
  },
  {
    name: 'a repository in a folder of its own',
    fill: (dir, canary) => {
      mkdirSync(join(dir, 'inner'))
      gitDirectory(dir, 'evil', canary)
      renameSync(join(dir, 'evil'), join(dir, 'inner/.git'))
      return { source: { git: 'inner' } }
    },
    code: 3,
    says: ownRepository,
  },
  {
    name: 'a copy of a remote repository in the cache',
    fill: (dir, canary) => {
      const address = 'https://127.0.0.1:1/shop.git'
      const name = createHash('sha256').update(address).digest('hex').slice(0, 16)
      mkdirSync(join(dir, '.clonedeploy/cache/git'), { recursive: true })
      gitDirectory(dir, `.clonedeploy/cache/git/${name}`, canary)
      return { source: { git: address } }
    },
    code: 3,
    says: 'was never fetched on this machine',
  },
  {
    name: 'attributes that name filters',
    fill: (dir, canary) => {
      writeFileSync(join(dir, '.gitattributes'), `* filter=evil\n[attr]evil filter=${canary}\n`)
      writeFileSync(join(dir, '.lfsconfig'), `[filter "evil"]\nsmudge = ${canary}\n`)
      committed(dir)
      return { source: { git: '.' } }
    },
    code: 0,
    says: 'hosts were not contacted',
  },
  {
    name: 'submodules whose addresses name programs',
    fill: (dir, canary) => {
      submodules(dir, { ext: `url = ext::${canary}`, dash: `url = -u${canary}`, own: 'url = ./.' })
      return { source: { git: '.', submodules: true } }
    },
    code: 0,
    says: 'offline, no submodule was fetched',
  },
  {
    name: 'a submodule that is updated by a program',
    fill: (dir, canary) => {
      submodules(dir, { own: `url = ./.\n\tupdate = !${canary}` })
      return { source: { git: '.', submodules: true } }
    },
    code: 3,
    says: "invalid value for 'submodule.own.update'",
  },
  {
    name: 'links in place of the folders that we write to',
    fill: dir => {
      mkdirSync(join(dir, 'victim/precious'), { recursive: true })
      utimesSync(join(dir, 'victim/precious'), 0, 0)
      mkdirSync(join(dir, '.clonedeploy/cache'), { recursive: true })
      symlinkSync(join(dir, 'victim'), join(dir, '.clonedeploy/cache/workspaces'))
      return { source: { git: '.' } }
    },
    code: 3,
    says: 'is a symbolic link, and clonedeploy writes and removes files there',
  },
  {
    name: 'links in place of its folders',
    fill: dir => {
      symlinkSync('/etc', join(dir, 'app'))
      committed(dir)
      return { source: { git: '.', subdir: 'app' } }
    },
    code: 3,
    says: 'it is a file, or a symbolic link leads to it',
  },
  {
    name: 'a link in place of .deployignore',
    fill: dir => {
      symlinkSync('/etc/passwd', join(dir, '.deployignore'))
      committed(dir)
      return { source: { git: '.' } }
    },
    code: 3,
    says: '.deployignore is not a file',
  },
  {
    name: 'a path of 4,097 bytes',
    fill: dir => {
      const blob = git(dir, 'rev-parse', 'HEAD:a')
      const path = `${'folder/'.repeat(585)}ab`
      git(dir, 'update-index', '--add', '--cacheinfo', `100644,${blob},${path}`)
      git(dir, 'commit', '--quiet', '--message', 'long')
      return { source: { git: '.' } }
    },
    code: 3,
    says: 'cannot be checked out',
  },
  {
    name: 'a config that names programs wherever it can',
    fill: (dir, canary) => {
      chmodSync(dir, 0o755)
      return {
        source: { git: '.' },
        build: [canary],
        prepare: [canary, { run: canary, once: true }],
        restart: canary,
        health: { run: canary },
        secrets: { TOKEN: { cmd: canary } },
        logs: canary,
        ssh: { configFile: 'ssh_config' },
      }
    },
    code: 0,
    says: 'hosts were not contacted',
  },
]

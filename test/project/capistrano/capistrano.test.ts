import { describe, expect, it } from 'vitest'
import { type CapFiles, readCapistrano } from '../../../src/project/capistrano/capistrano.js'
import { odd, rails } from './projects.js'

function filesOf(texts: Readonly<Record<string, string>>): CapFiles {
  const at = (file: string) => (texts[file] === undefined ? null : { file, text: texts[file] })
  return {
    capfile: at('Capfile'),
    deploy: at('config/deploy.rb'),
    stages: Object.keys(texts)
      .filter(file => file.startsWith('config/deploy/'))
      .flatMap(file => at(file) ?? []),
    tasks: Object.keys(texts).filter(file => file.startsWith('lib/')),
  }
}

const read = (texts: Readonly<Record<string, string>>) => readCapistrano(filesOf(texts))
const deploy = (text: string) => read({ 'config/deploy.rb': text })
const lines = (texts: Readonly<Record<string, string>>) =>
  read(texts).left.map(({ file, line, what, instead }) => `${file}:${line} ${what}: ${instead}`)

describe('a project of Capistrano', () => {
  it('has stages, each with what differs', () => {
    const login = { user: 'deploy', identityFile: '~/.ssh/deploy_rsa', jump: 'jump@bastion.example.com' }
    const { common, stages } = read(rails)
    expect(common).toEqual({
      app: 'shop',
      shared: { dirs: ['log', 'tmp'], files: ['config/master.key'] },
      env: { RAILS_LOG_TO_STDOUT: '1' },
    })
    const source = { git: 'https://github.com/acme/shop.git', subdir: 'backend' }
    expect([...stages]).toEqual([
      [
        'production',
        {
          source: { ...source, ref: 'main' },
          hosts: [
            { host: '10.0.0.1', ...login, roles: ['app', 'db', 'web'] },
            { host: '10.0.0.2', ...login, port: 2200, roles: ['app', 'web'] },
          ],
          deployTo: '/srv/shop-production',
        },
      ],
      [
        'qa-1',
        {
          source: { ...source, ref: 'develop' },
          hosts: [{ host: 'qa.example.com', ...login, roles: ['app', 'db', 'web'] }],
          deployTo: '/srv/shop-qa-1',
          keepReleases: 2,
        },
      ],
    ])
  })

  it.each(['toString', 'constructor', '__proto__'])('takes %s for nothing that is known', name => {
    expect(lines({ Capfile: `require '${name}'\n` })).toEqual([
      `Capfile:1 require ${name}: not known here: see what it does at a deploy`,
    ])
    expect(lines({ 'config/deploy.rb': `set :${name}, 1\nset :ssh_options, { ${name}: 1 }\n` })).toEqual([
      `config/deploy.rb:1 set :${name}: a setting of your own or of a gem: see what reads it`,
      `config/deploy.rb:2 ssh_options: ${name}: say it in your ssh config, which clonedeploy reads`,
    ])
  })

  it('names the gems, tasks, hooks and settings that are not taken, by file and line', () => {
    const said = lines(rails)
    const starts = said.map(line => line.replace(/: (?!\/\/).*$/s, ''))
    expect(starts).toEqual([
      'Capfile:6 capistrano/rbenv',
      'Capfile:7 capistrano/rails',
      'Capfile:8 capistrano/puma',
      'Capfile:11 capistrano/sidekiq',
      'Capfile:12 require capistrano/acme_notify',
      'Capfile:13 whenever/capistrano',
      "config/deploy.rb:5 ENV['BRANCH']",
      'config/deploy.rb:6 set :rbenv_type',
      'config/deploy.rb:7 set :rbenv_ruby',
      'config/deploy.rb:8 public/assets',
      'config/deploy.rb:8 node_modules',
      'config/deploy.rb:10 default_env',
      'config/deploy.rb:10 default_env',
      'config/deploy.rb:15 ssh_options',
      'config/deploy.rb:15 ssh_options',
      'config/deploy.rb:24 task restart',
      'config/deploy.rb:31 after publishing, restart',
      'config/deploy.rb:33 after deploy:finished, slack:notify',
      'lib/capistrano/tasks/seed.rake:1 tasks',
    ])
    expect(said.join('\n')).toContain('docs/recipes/rails.md')
    expect(said.join('\n')).not.toContain('do-not-print')
  })

  it('links no folder that a build makes, wherever the app lies in the repository', () => {
    const { common, left } = deploy("append :linked_dirs, 'web/node_modules', 'src/vendor', 'web/vendor/bundle', 'log'")
    expect(common.shared?.dirs).toEqual(['web/vendor/bundle', 'log'])
    expect(left.map(({ what }) => what)).toEqual(expect.arrayContaining(['web/node_modules', 'src/vendor']))
  })

  it('is never misread where its Ruby is odd', () => {
    const { common, left } = read(odd)
    expect(common).toEqual({
      app: 'shop',
      source: { git: 'git@example.com:acme/shop.git' },
      hosts: [{ host: 'web-1', user: 'deploy', roles: ['web', 'app'] }],
      deployTo: '/srv/shop/www',
    })
    const said = left.map(({ line, what }) => `${line} ${what}`)
    for (const one of [
      '7 set :branch',
      '10 set :keep_releases',
      '16 set :linked_files',
      '20 set :linked_dirs',
      '22 set :deploy_to',
      "23 server '…', roles: %w[…]",
      "26 server '…', roles: :app",
      "28 server 'web-1': weight",
      "29 server ENV['…'], roles: %w[…]",
      "30 server '…', roles: :web",
      '35 set :password',
    ])
      expect(said).toContain(one)
    expect(JSON.stringify(left)).not.toMatch(/do-not-print|from a comment|after the end|heredoc/)
  })
})

describe('a value', () => {
  it.each([
    ["'single #{x} \\n'", 'single #{x} \\n'],
    ['"a" "b"', 'ab'],
    ['%q(a (b) c)', 'a (b) c'],
    ['%(a)', 'a'],
    ['"a\\sb"', 'a b'],
    ["'a' + 'b'", 'ab'],
    ["ENV.fetch('X', 'd')", 'd'],
    ["ENV.fetch('X') { 'd' }", 'd'],
    ["fetch(:nothing, 'd')", 'd'],
    ["proc { 'later' }", 'later'],
    ["-> { 'later' }", 'later'],
    ["('in brackets')", 'in brackets'],
    ['"#{fetch :repo_url}/x"', 'r/x'],
    ["'frozen'.freeze", 'frozen'],
    ["'a' # comment", 'a'],
    ["\n  'below'", 'below'],
  ])('is read: %s', (ruby, value) => {
    expect(deploy(`set :repo_url, 'r'\nset :branch, ${ruby}\n`).common.source).toEqual({ git: 'r', ref: value })
  })

  it.each([
    '`git rev-parse HEAD`',
    "x ? 'a' : 'b'",
    "'a'.upcase",
    "ENV['X']",
    'unknown',
    '"#{unknown}"',
    '"#{`id`}"',
    '"\\u0041"',
    '<<~X\n  a\nX',
    "['a', *b]",
    "-> { x = 'a'; x }",
    "proc do\n  'a'\nend",
    "if x then 'a' else 'b' end",
    "'a' if x",
    "'a' and b",
    '%x(id)',
    '/a/',
    'fetch(:branch)',
    '-> { fetch(:branch) }',
  ])('is named, and no other is put in its place: %s', ruby => {
    const { common, left } = deploy(`set :repo_url, 'r'\nset :branch, ${ruby}\n`)
    expect(common.source).toEqual({ git: 'r' })
    expect(left.filter(({ line, what }) => line === 2 && what === 'set :branch')).not.toEqual([])
  })
})

describe('a text that is no Ruby we understand', () => {
  it.each([
    ["set :a, 'open\nset :application, 'b'\n", 2],
    ['set :a, "#{open\n', 1],
    ['x = <<~END\nset :application, 1\n', 1],
    ['if x\n  set :application, 1\n', 1],
    ['task :x do\n  [1\nend\n', 3],
    ['end\n', 1],
    ['=begin\nset :x, 1\n', 1],
    [`${'['.repeat(50)}\n`, 1],
    [`${'if x\n'.repeat(60)}`, 51],
    [`"${'#{"'.repeat(30)}`, 1],
  ])('is named with the line where reading ended: %j', (text, line) => {
    const { left } = deploy(`${text}`)
    expect(left).toContainEqual(expect.objectContaining({ line, instead: 'what follows was not read' }))
  })

  it('keeps what stood before it', () => {
    expect(deploy(`set :application, 'shop'\nset :x, 'open\n`).common.app).toBe('shop')
  })

  it('does not grow without bounds', () => {
    const doubled = Array.from({ length: 60 }, (_, n) => `set :a${n + 1}, "#{fetch(:a${n})}#{fetch(:a${n})}"`)
    const later = Array.from({ length: 60 }, (_, n) => `set :b${n + 1}, -> { "#{fetch(:b${n})}#{fetch(:b${n})}" }`)
    const deep = `set :application, ${'['.repeat(5000)}${']'.repeat(5000)}`
    const text = [
      "set :a0, 'aa'",
      ...doubled,
      "set :b0, ''",
      ...later,
      'set :deploy_to, fetch(:a60)',
      'set :repo_url, fetch(:b60)',
    ]
    expect(deploy([...text, deep].join('\n')).common).toEqual({})
  })
})

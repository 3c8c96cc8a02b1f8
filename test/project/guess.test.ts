import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { guessProject } from '../../src/project/guess.js'
import { readPackage } from '../../src/project/package.js'
import { pipelineIn, pipelineText } from '../../src/project/pipeline.js'
import { readRepository } from '../../src/project/repository.js'
import { workflowText } from '../../src/project/workflow.js'
import { writableExpression } from '../../src/release/shared.js'
import { type FileText, writeFiles } from '../support/files.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'clonedeploy-guess-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const guessed = (folder = root) => guessProject(folder, readPackage(folder))
const build = { scripts: { build: 'x' } }
const server = { scripts: { build: 'x', start: 'x' } }

type Expected = readonly [kind: string | null, build: readonly string[], include: readonly string[]]

describe('a build is guessed', () => {
  it.each<readonly [string, object, Readonly<Record<string, FileText>>, Expected]>([
    ['nothing of an empty package.json', {}, {}, [null, [], []]],
    ['a script', build, {}, [null, ['npm run build'], []]],
    ['a folder that was built before', build, { 'out/x': '' }, ['a build by package.json', ['npm run build'], ['out']]],
    [
      'what main says',
      { ...build, main: './lib/index.js' },
      {},
      ['a build by package.json', ['npm run build'], ['lib']],
    ],
    ['vite', { ...build, devDependencies: { vite: '7' } }, {}, ['Vite', ['npm install', 'npm run build'], ['dist']]],
    [
      'a server, without what only builds it',
      { ...server, dependencies: { hono: '4' }, devDependencies: { tsup: '8' } },
      { 'package-lock.json': '{}' },
      ['Node', ['npm ci', 'npm run build', 'npm prune --omit=dev'], ['dist', 'node_modules', 'package.json']],
    ],
    [
      'a server and the file that it starts',
      {
        scripts: { build: 'x', start: 'node -r dist/x.js ./server.js .' },
        dependencies: { a: '1' },
        main: 'dist/x.js',
      },
      { 'server.js': '', 'dist/x.js': '' },
      ['Node', ['npm install', 'npm run build'], ['dist', 'node_modules', 'package.json', 'server.js']],
    ],
    [
      'next with public files and a configuration, without the cache of its build',
      { ...server, dependencies: { next: '15' }, devDependencies: { typescript: '5' } },
      { 'pnpm-lock.yaml': '', 'public/robots.txt': '', 'next.config.ts': 'export default { webpack: x }' },
      [
        'Next.js',
        ['pnpm install --frozen-lockfile', 'pnpm run build', 'pnpm prune --prod'],
        ['.next', '!.next/cache', 'public', 'next.config.ts', 'node_modules', 'package.json'],
      ],
    ],
    [
      'next that brings its own server',
      { ...server, dependencies: { next: '15' } },
      { 'public/robots.txt': '', 'next.config.mjs': "export default {\n  output: 'standalone',\n}" },
      [
        'Next.js, standalone',
        [
          'npm install',
          'npm run build',
          'cp -R public .next/standalone/',
          'cp -R .next/static .next/standalone/.next/',
        ],
        [],
      ],
    ],
    [
      'next that is only files',
      { ...build, dependencies: { next: '15' } },
      { 'next.config.js': 'module.exports = {\n  output: "export" }' },
      ['Next.js, exported', ['npm install', 'npm run build'], ['out']],
    ],
    [
      'React Router',
      {
        ...server,
        dependencies: { '@react-router/serve': '7' },
        devDependencies: { '@react-router/dev': '7', vite: '7' },
      },
      {},
      [
        'React Router',
        ['npm install', 'npm run build', 'npm prune --omit=dev'],
        ['build', 'node_modules', 'package.json'],
      ],
    ],
    [
      'React Router without a server',
      { ...build, devDependencies: { '@react-router/dev': '7', vite: '7' } },
      { 'react-router.config.ts': 'export default { ssr: false }' },
      ['React Router', ['npm install', 'npm run build'], ['build/client']],
    ],
    ['nuxt', { ...build, dependencies: { nuxt: '4' } }, {}, ['Nuxt', ['npm install', 'npm run build'], ['.output']]],
    [
      'no build but packages',
      { scripts: { start: 'x' }, dependencies: { express: '5' }, devDependencies: { nodemon: '3' } },
      { 'yarn.lock': '# yarn lockfile v1\n' },
      ['Node', ['yarn install --frozen-lockfile --production'], []],
    ],
    [
      'a newer yarn',
      { dependencies: { a: '1' } },
      { 'yarn.lock': '__metadata:\n' },
      [null, ['yarn install --immutable'], []],
    ],
    ['packageManager', { ...build, packageManager: 'bun@1.2.0' }, {}, [null, ['bun run build'], []]],
  ])('from %s', (_, packageJson, files, [kind, commands, include]) => {
    writeFiles(root, { ...files, 'package.json': JSON.stringify(packageJson) })
    expect(guessed()).toMatchObject({ kind, build: commands, include })
  })

  it('with what Next writes while it serves', () => {
    writeFiles(root, { 'package.json': JSON.stringify({ ...server, dependencies: { next: '15' } }) })
    const { more, restart, health } = guessed()
    const written = writableExpression(more.writable ?? [])
    const pages = [
      'route-cache/APP_PAGE/0/$/a.html',
      'app/a.html',
      'app/blog/b.rsc',
      'app/c.segments/_tree.segment.rsc',
      'pages/d.json',
    ]
    for (const path of ['.next/cache/fetch-cache/0', ...pages.map(page => `.next/server/${page}`)])
      expect(path).toMatch(new RegExp(`^${written}$`))
    for (const path of ['.next/server/app/page.js', '.next/server/pages-manifest.json', '.next/BUILD_ID'])
      expect(path).not.toMatch(new RegExp(`^${written}$`))
    expect([restart?.('shop'), health]).toEqual([{ systemd: 'shop' }, 'http://127.0.0.1:3000/'])
  })

  it('of the whole workspace where a server needs packages, which lie at its root', () => {
    const app = { ...server, dependencies: { next: '15', '@x/ui': '*' } }
    writeFiles(root, {
      'package.json': '{"workspaces":["apps/*","packages/*"]}',
      'package-lock.json': '{}',
      'apps/web/package.json': JSON.stringify(app),
    })
    const web = join(root, 'apps/web')
    expect(guessed(web)).toMatchObject({
      from: '../..',
      build: ['npm ci', 'cd apps/web && npm run build', 'npm prune --omit=dev'],
      include: ['!apps/web/.next/cache'],
      more: { writable: expect.arrayContaining(['apps/web/.next/cache']) },
    })
    writeFiles(web, { 'next.config.js': "module.exports = {\n  output: 'standalone' }" })
    expect(guessed(web)).toMatchObject({
      from: '.',
      build: ['npm ci', 'npm run build', 'cp -R .next/static .next/standalone/apps/web/.next/'],
      more: { root: '.next/standalone', writable: expect.arrayContaining(['apps/web/.next/cache']) },
    })
    writeFiles(web, { 'package.json': JSON.stringify({ ...build, devDependencies: { vite: '7' } }) })
    expect(guessed(web)).toMatchObject({ from: '.', build: ['npm ci', 'npm run build'], include: ['dist'] })
    writeFiles(web, { 'package.json': JSON.stringify({ scripts: { start: 'x' }, dependencies: { a: '1' } }) })
    expect(guessed(web)).toMatchObject({ from: '../..', build: ['npm ci', 'npm prune --omit=dev'], include: [] })
  })

  it('by the lock file of the workspace, and not by one above the repository', () => {
    writeFiles(root, { 'yarn.lock': '', 'repo/pnpm-lock.yaml': '', 'repo/apps/web/package.json': '{"name":"@x/web"}' })
    mkdirSync(join(root, 'repo/.git'))
    expect(readPackage(join(root, 'repo/apps/web'))).toMatchObject({ name: 'web', manager: 'pnpm' })
    rmSync(join(root, 'repo/pnpm-lock.yaml'))
    expect(readPackage(join(root, 'repo/apps/web'))).toMatchObject({ manager: 'npm', install: 'npm install' })
  })

  it('of no package.json as nothing, and refused of a broken one', () => {
    expect(guessed()).toMatchObject({ kind: null, build: [], include: [], restart: null })
    writeFileSync(join(root, 'package.json'), '{ name: 1 }')
    expect(() => readPackage(root)).toThrow('package.json:1:3')
  })
})

describe('a project in another language is known by', () => {
  const venv = [
    'python3 -m venv .venv',
    '.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt',
  ]
  const composer = 'composer install --no-dev --no-interaction --no-progress --optimize-autoloader'

  it.each<readonly [string, string, Readonly<Record<string, FileText>>, object]>([
    [
      'manage.py',
      'Django',
      { 'manage.py': '', 'requirements.txt': 'django' },
      { more: { prepare: expect.arrayContaining(venv) } },
    ],
    [
      'requirements that name it',
      'Flask',
      { 'app.py': '', 'requirements.txt': 'gunicorn\nFlask==3.0\n', '.env.example': '' },
      { more: { prepare: [...venv, '.venv/bin/gunicorn --check-config app:app'], shared: { files: ['.env'] } } },
    ],
    [
      'pyproject.toml',
      'Flask',
      { 'wsgi.py': '', 'pyproject.toml': 'dependencies = ["flask>=3"]' },
      {
        more: { prepare: expect.arrayContaining([expect.stringMatching(/ \.$/), expect.stringMatching(/ wsgi:app$/)]) },
      },
    ],
    [
      'artisan, with assets',
      'Laravel',
      {
        artisan: '',
        'package.json': '{"scripts":{"build":"vite build"},"devDependencies":{"vite":"7"}}',
        'composer.json': '',
      },
      { build: [composer, 'npm install', 'npm run build'], include: ['!node_modules'], health: null },
    ],
    ['symfony.lock', 'Symfony', { 'symfony.lock': '', 'composer.json': '' }, { build: [`${composer} --no-scripts`] }],
    ['bundles', 'Symfony', { 'bin/console': '', 'config/bundles.php': '' }, { more: { env: { APP_ENV: 'prod' } } }],
    ['composer.json', 'PHP', { 'composer.json': '{}' }, { build: [composer], include: [] }],
    ['index.php', 'PHP', { 'public/index.php': '' }, { build: [], include: [] }],
    [
      'a gem and its application',
      'Rails',
      {
        Gemfile: 'gem "rails", "~> 8.0"\n',
        'config/application.rb': '',
        'config/routes.rb': 'rails/health#show',
        'config.ru': '',
      },
      { build: [], health: 'http://127.0.0.1:3000/up', more: { shared: { dirs: ['log', 'tmp'], files: ['.env'] } } },
    ],
    ['a gem', 'Sinatra', { Gemfile: "gem 'sinatra'\n" }, { build: [], include: [] }],
    ['config.ru', 'Rack', { 'config.ru': '', Gemfile: "# gem 'rails'\n" }, { recipe: 'sinatra' }],
    ['its files', 'Static files', { 'index.html': '' }, { build: [], include: [], restart: null }],
  ])('%s: %s', (_, kind, files, expected) => {
    writeFiles(root, files)
    expect(guessed()).toMatchObject({ kind, ...expected })
  })

  it('no more than a package that only begins like it', () => {
    writeFiles(root, { 'app.py': '', 'requirements.txt': 'flask-cors\n' })
    expect(guessed().kind).toBe(null)
  })
})

it('a repository is told by its files, from any folder of it', () => {
  writeFiles(root, {
    '.git/HEAD': 'ref: refs/heads/release/2\n',
    '.git/config': '[remote "origin"]\n\turl = git@github.com:acme/shop.git\n',
    'apps/web/index.html': '',
  })
  const about = { root, prefix: 'apps/web', branch: 'release/2', forge: 'github' }
  expect(readRepository(join(root, 'apps/web'))).toEqual(about)
})

it.each([
  ['\turl = git@gitlab.example.com:acme/shop.git\n', {}, 'gitlab'],
  ['\turl = git@github.com:acme/shop.git\n', { '.gitlab-ci.yml': '' }, 'gitlab'],
  ['\turl = ssh://git@example.com/gitlab\n', {}, null],
])('its forge is known by %j and %j: %s', (url, files, forge) => {
  writeFiles(root, { '.git/HEAD': 'ref: refs/heads/main\n', '.git/config': `[remote "origin"]\n${url}`, ...files })
  expect(readRepository(root)?.forge).toBe(forge)
})

it('a pipeline for GitLab lets the branch alone have the key, after what is installed', () => {
  writeFiles(root, { 'package.json': '{}', 'package-lock.json': '' })
  const knownHosts = ['bastion ssh-ed25519 AAAA']
  const text = pipelineText({ project: readPackage(root), branch: 'main', folder: '', knownHosts })
  expect(parse(text)).toEqual({
    '.clonedeploy': { image: 'node:lts', variables: { GIT_DEPTH: '0' }, before_script: ['npm ci'] },
    'clonedeploy-check': {
      extends: '.clonedeploy',
      stage: 'test',
      rules: [{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }],
      timeout: '15 minutes',
      interruptible: true,
      script: ['exec node_modules/.bin/clonedeploy deploy --dry-run --offline --build'],
    },
    'clonedeploy-deploy': {
      extends: '.clonedeploy',
      stage: 'deploy',
      rules: [{ if: '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == "main"' }],
      timeout: '30 minutes',
      environment: 'production',
      resource_group: 'production',
      interruptible: false,
      script: [
        'ssh-agent -s >"$CI_PROJECT_DIR.agent"',
        '. "$CI_PROJECT_DIR.agent"',
        'chmod 400 "$SSH_KEY"',
        'ssh-add "$SSH_KEY"',
        "mkdir -p ~/.ssh\ncat >>~/.ssh/known_hosts <<'END'\nbastion ssh-ed25519 AAAA\nEND\n",
        'exec node_modules/.bin/clonedeploy deploy --ref "$CI_COMMIT_SHA" --yes --lock-wait 10m',
      ],
      after_script: ['. "$CI_PROJECT_DIR.agent" && rm "$CI_PROJECT_DIR.agent" && ssh-agent -k'],
    },
  })
})

it('a pipeline for GitLab works in the folder of the project, whatever it is called', () => {
  writeFiles(root, { 'package.json': '{}', 'pnpm-lock.yaml': '' })
  const jobs = parse(pipelineText({ project: readPackage(root), branch: 'main', folder: "apps/the 'web'" }))
  expect(jobs['.clonedeploy'].before_script).toEqual([
    "cd -- 'apps/the '\\''web'\\'''",
    'corepack enable',
    'pnpm install --frozen-lockfile',
  ])
  expect(jobs['clonedeploy-check'].script).toEqual([
    'PATH="$PWD/node_modules/.bin:$CI_PROJECT_DIR/node_modules/.bin:$PATH" exec clonedeploy deploy --dry-run --offline --build',
  ])
})

it('a pipeline that is somebody else’s stays as it is', () => {
  expect(pipelineIn(root)).toBe('.gitlab-ci.yml')
  writeFiles(root, { '.gitlab-ci.yml': pipelineText({ project: null, branch: 'main', folder: '' }) })
  expect(pipelineIn(root)).toBe('.gitlab-ci.yml')
  writeFiles(root, { '.gitlab-ci.yml': 'test: { script: [make] }\n' })
  expect(pipelineIn(root)).toBe('.gitlab/clonedeploy.yml')
})

it('a workflow runs the project’s own clonedeploy, in its folder, on the branch', () => {
  writeFiles(root, { 'package.json': '{}', 'pnpm-lock.yaml': '' })
  const run = 'PATH="$PWD/node_modules/.bin:$GITHUB_WORKSPACE/node_modules/.bin:$PATH" exec clonedeploy'
  expect(workflowText({ project: readPackage(root), branch: 'main', folder: 'apps/web' })).toBe(`name: deploy
on:
  pull_request:
  push:
    branches: ["main"]
permissions:
  contents: read
defaults:
  run:
    working-directory: "apps/web"
jobs:
  check:
    if: github.event_name == 'pull_request'
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with: { fetch-depth: 0, persist-credentials: false }
      - uses: actions/setup-node@a0853c24544627f65ddf259abe73b1d18a591444 # v5.0.0
        with: { node-version: lts/*, package-manager-cache: false }
      - run: corepack enable
      - run: pnpm install --frozen-lockfile
      - run: ${run} deploy --dry-run --offline --build
  deploy:
    if: github.event_name == 'push'
    runs-on: ubuntu-latest
    timeout-minutes: 30
    environment: production
    # Of this job alone: a pull request cannot take the place of a deploy that waits.
    concurrency: { group: deploy-production, cancel-in-progress: false }
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with: { fetch-depth: 0, persist-credentials: false }
      - uses: actions/setup-node@a0853c24544627f65ddf259abe73b1d18a591444 # v5.0.0
        with: { node-version: lts/*, package-manager-cache: false }
      - run: corepack enable
      - run: pnpm install --frozen-lockfile
      - name: Start an agent with the key
        env:
          SSH_KEY: \${{ secrets.SSH_KEY }}
        run: |
          eval "$(ssh-agent -s)"
          printf '%s\\n' "SSH_AUTH_SOCK=$SSH_AUTH_SOCK" "SSH_AGENT_PID=$SSH_AGENT_PID" >>"$GITHUB_ENV"
          ssh-add - <<< "$SSH_KEY"
      - name: Deploy
        id: deploy
        run: ${run} deploy --ref "$GITHUB_SHA" --yes --lock-wait 10m
      - name: End the agent
        if: always() && env.SSH_AGENT_PID != ''
        run: ssh-agent -k
`)
})

it.each([
  ['npm at the root', { 'package-lock.json': '' }, '', 'exec node_modules/.bin/clonedeploy'],
  ['yarn without a node_modules folder', { 'yarn.lock': '' }, '', 'exec yarn run clonedeploy'],
  ['bun', { 'bun.lock': '' }, '', 'exec node_modules/.bin/clonedeploy'],
])('a workflow with %s leaves no shell behind that would keep a signal to itself', (_, files, folder, run) => {
  writeFiles(root, { 'package.json': '{}', ...files })
  const text = workflowText({ project: readPackage(root), branch: 'main', folder })
  expect(text.match(/exec .*clonedeploy/g)).toEqual([run, run])
})

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guessBuild } from '../../src/project/guess.js'
import { readPackage } from '../../src/project/package.js'
import { readRepository } from '../../src/project/repository.js'
import { workflowText } from '../../src/project/workflow.js'
import { type FileText, writeFiles } from '../support/files.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'clonedeploy-guess-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const build = { scripts: { build: 'x' } }
const server = { scripts: { build: 'x', start: 'x' } }

describe('a build is guessed', () => {
  it.each<readonly [string, object, Readonly<Record<string, FileText>>, readonly string[], readonly string[]]>([
    ['nothing of an empty package.json', {}, {}, [], []],
    ['a script', build, {}, ['npm run build'], []],
    ['a folder that was built before', build, { 'out/index.html': '' }, ['npm run build'], ['out']],
    ['what main says', { ...build, main: './lib/index.js' }, {}, ['npm run build'], ['lib']],
    ['vite', { ...build, devDependencies: { vite: '7' } }, {}, ['npm install', 'npm run build'], ['dist']],
    [
      'a server',
      { ...server, dependencies: { vite: '7' } },
      { 'package-lock.json': '{}' },
      ['npm ci', 'npm run build'],
      ['dist', 'node_modules', 'package.json'],
    ],
    [
      'next with public files',
      { ...server, dependencies: { next: '15' } },
      { 'pnpm-lock.yaml': '', 'public/robots.txt': '' },
      ['pnpm install --frozen-lockfile', 'pnpm run build'],
      ['.next', 'public', 'node_modules', 'package.json'],
    ],
    [
      'no build but packages',
      { scripts: { start: 'x' }, dependencies: { express: '5' } },
      { 'yarn.lock': '# yarn lockfile v1\n' },
      ['yarn install --frozen-lockfile'],
      [],
    ],
    ['a newer yarn', { dependencies: { a: '1' } }, { 'yarn.lock': '__metadata:\n' }, ['yarn install --immutable'], []],
    ['packageManager', { ...build, packageManager: 'bun@1.2.0' }, {}, ['bun run build'], []],
  ])('from %s', (_, packageJson, files, commands, include) => {
    writeFiles(root, { ...files, 'package.json': JSON.stringify(packageJson) })
    expect(guessBuild(root, readPackage(root))).toMatchObject({ build: commands, include })
  })

  it('by the lock file of the workspace, and not by one above the repository', () => {
    writeFiles(root, { 'yarn.lock': '', 'repo/pnpm-lock.yaml': '', 'repo/apps/web/package.json': '{"name":"@x/web"}' })
    mkdirSync(join(root, 'repo/.git'))
    expect(readPackage(join(root, 'repo/apps/web'))).toMatchObject({ name: 'web', manager: 'pnpm' })
    rmSync(join(root, 'repo/pnpm-lock.yaml'))
    expect(readPackage(join(root, 'repo/apps/web'))).toMatchObject({ manager: 'npm', install: 'npm install' })
  })

  it('of no package.json as nothing, and refused of a broken one', () => {
    expect(guessBuild(root, readPackage(root))).toEqual({ build: [], include: [], runs: false })
    writeFileSync(join(root, 'package.json'), '{ name: 1 }')
    expect(() => readPackage(root)).toThrow('package.json:1:3')
  })
})

it('a repository is told by its files, from any folder of it', () => {
  writeFiles(root, {
    '.git/HEAD': 'ref: refs/heads/release/2\n',
    '.git/config': '[remote "origin"]\n\turl = git@github.com:acme/shop.git\n',
    'apps/web/index.html': '',
  })
  const about = { root, prefix: 'apps/web', branch: 'release/2', onGithub: true }
  expect(readRepository(join(root, 'apps/web'))).toEqual(about)
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

import type { Package } from './package.js'
import { type SshBlock, sshConfigLines } from './ssh-blocks.js'

export interface WorkflowAbout {
  readonly project: Package | null
  /** What is pushed to it is deployed. */
  readonly branch: string
  /** From the repository's root to the config; '' for the root. */
  readonly folder: string
  /** What the runner's ssh has to know of the hosts; none: nothing. */
  readonly ssh?: readonly SshBlock[]
  /** Lines of known_hosts, of hosts on the way to them. */
  readonly knownHosts?: readonly string[]
}

/**
 * A workflow for GitHub: pull requests are only looked at, without hosts and keys; the branch is deployed. The program takes
 * the place of its shell: a job that is cancelled signals that process alone, and waits ten seconds for it.
 */
export function workflowText({ project, branch, folder, ssh = [], knownHosts = [] }: WorkflowAbout): string {
  const where = folder === '' ? '' : `defaults:\n  run:\n    working-directory: ${JSON.stringify(folder)}\n`
  const run = runner(project, folder, '$GITHUB_WORKSPACE')
  const setUp = steps(project)
  return `name: deploy
on:
  pull_request:
  push:
    branches: [${JSON.stringify(branch)}]
permissions:
  contents: read
${where}jobs:
  check:
    if: github.event_name == 'pull_request'
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
${setUp}
      - run: ${run} deploy --dry-run --offline --build
  deploy:
    if: github.event_name == 'push'
    runs-on: ubuntu-latest
    timeout-minutes: 30
    environment: production
    # Of this job alone: a pull request cannot take the place of a deploy that waits.
    concurrency: { group: deploy-production, cancel-in-progress: false }
    steps:
${setUp}
      - name: Start an agent with the key
        env:
          SSH_KEY: \${{ secrets.SSH_KEY }}
        run: |
          eval "$(ssh-agent -s)"
          printf '%s\\n' "SSH_AUTH_SOCK=$SSH_AUTH_SOCK" "SSH_AGENT_PID=$SSH_AGENT_PID" >>"$GITHUB_ENV"
          ssh-add - <<< "$SSH_KEY"
${sshStep(ssh, knownHosts)}      - name: Deploy
        id: deploy
        run: ${run} deploy --ref "$GITHUB_SHA" --yes --lock-wait 10m
      - name: End the agent
        if: always() && env.SSH_AGENT_PID != ''
        run: ssh-agent -k
`
}

/** The hosts are named as on the machine of whoever deploys by hand; here their names mean nothing yet. */
function sshStep(blocks: readonly SshBlock[], knownHosts: readonly string[]): string {
  const lines = sshLines(blocks, knownHosts)
  if (lines.length === 0) return ''
  return `      - name: Say where the hosts are\n        run: |\n${lines.map(line => `          ${line}\n`).join('')}`
}

/** Shell lines that add them to what ssh knows; none where there is nothing to add. */
export function sshLines(blocks: readonly SshBlock[], knownHosts: readonly string[]): readonly string[] {
  const files = [...added('config', sshConfigLines(blocks)), ...added('known_hosts', knownHosts)]
  return files.length === 0 ? [] : ['mkdir -p ~/.ssh', ...files]
}

function added(file: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`cat >>~/.ssh/${file} <<'END'`, ...lines, 'END']
}

/**
 * The clonedeploy that the project depends on, and no other, in the place of its shell: a cancelled job signals that process. In
 * a workspace it may lie at the `top`.
 */
export function runner(project: Package | null, folder: string, top: string): string {
  // Without a node_modules folder there is no file to run: yarn stands between, and its end is seen.
  if (project?.install === 'yarn install --immutable') return 'exec yarn run clonedeploy'
  if (folder === '') return 'exec node_modules/.bin/clonedeploy'
  return `PATH="$PWD/node_modules/.bin:${top}/node_modules/.bin:$PATH" exec clonedeploy`
}

/** By commit: a tag may be moved. */
const pinned = {
  checkout: 'actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0',
  node: 'actions/setup-node@a0853c24544627f65ddf259abe73b1d18a591444 # v5.0.0',
  bun: 'oven-sh/setup-bun@735343b667d3e6f658f44d0eca948eb6282f2b76 # v2.0.2',
}

function steps(project: Package | null): string {
  const manager = project?.manager ?? 'npm'
  const corepack = manager === 'pnpm' || manager === 'yarn' ? ['      - run: corepack enable'] : []
  const bun = manager === 'bun' ? [`      - uses: ${pinned.bun}`] : []
  return [
    `      - uses: ${pinned.checkout}`,
    '        with: { fetch-depth: 0, persist-credentials: false }',
    `      - uses: ${pinned.node}`,
    '        with: { node-version: lts/*, package-manager-cache: false }',
    ...corepack,
    ...bun,
    `      - run: ${project?.install ?? 'npm install'}`,
  ].join('\n')
}

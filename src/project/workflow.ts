import type { Manager, Package } from './package.js'

export interface WorkflowAbout {
  readonly project: Package | null
  /** What is pushed to it is deployed. */
  readonly branch: string
  /** From the repository's root to the config; '' for the root. */
  readonly folder: string
}

/** A workflow for GitHub: pull requests are only looked at, without hosts and keys; the branch is deployed. */
export function workflowText({ project, branch, folder }: WorkflowAbout): string {
  const manager = project?.manager ?? 'npm'
  const where = folder === '' ? '' : `defaults:\n  run:\n    working-directory: ${JSON.stringify(folder)}\n`
  const run = runners[manager]
  const setUp = steps(manager, project)
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
    concurrency: { group: deploy, cancel-in-progress: false }
    steps:
${setUp}
      - env:
          SSH_KEY: \${{ secrets.SSH_KEY }}
        run: |
          eval "$(ssh-agent -s)"
          trap 'ssh-agent -k' EXIT
          ssh-add - <<< "$SSH_KEY"
          ${run} deploy --ref "$GITHUB_SHA" --yes --lock-wait 10m
`
}

/** The clonedeploy that the project depends on, and no other. */
const runners: Readonly<Record<Manager, string>> = {
  npm: 'npx --no clonedeploy',
  pnpm: 'pnpm exec clonedeploy',
  yarn: 'yarn run clonedeploy',
  bun: 'bun run clonedeploy',
}

function steps(manager: Manager, project: Package | null): string {
  const corepack = manager === 'pnpm' || manager === 'yarn' ? ['      - run: corepack enable'] : []
  const bun = manager === 'bun' ? ['      - uses: oven-sh/setup-bun@v2'] : []
  return [
    '      - uses: actions/checkout@v4',
    '        with: { fetch-depth: 0, persist-credentials: false }',
    '      - uses: actions/setup-node@v4',
    '        with: { node-version: lts/* }',
    ...corepack,
    ...bun,
    `      - run: ${project?.install ?? 'npm install'}`,
  ].join('\n')
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { thereIs } from './files.js'
import type { Package } from './package.js'
import { runner, sshLines, type WorkflowAbout } from './workflow.js'

/** The first line of what `init` writes for GitLab: a file that begins so is not somebody else's pipeline. */
const pipelineMark = '# Deploys with clonedeploy.'

/** Where the jobs go in a repository that has a pipeline already. */
export const includedPipeline = '.gitlab/clonedeploy.yml'

/** The file of the jobs in this repository. */
export function pipelineIn(root: string): string {
  const own = '.gitlab-ci.yml'
  const path = join(root, own)
  return thereIs(path) === 'nothing' || readFileSync(path, 'utf8').startsWith(pipelineMark) ? own : includedPipeline
}

/**
 * Jobs for GitLab: merge requests are only looked at, without hosts and keys; the branch is deployed. They say nothing of
 * the whole pipeline, so that they can be included into another.
 */
export function pipelineText({ project, branch, folder, ssh = [], knownHosts = [] }: WorkflowAbout): string {
  const run = runner(project, folder, '$CI_PROJECT_DIR')
  const files = sshLines(ssh, knownHosts)
  const hosts = files.length === 0 ? '' : `    - |\n${files.map(line => `      ${line}\n`).join('')}`
  return `${pipelineMark} A merge request is only looked at: without hosts, without a key.
.clonedeploy:
  image: node:lts
  variables:
    GIT_DEPTH: "0"
  before_script:
${before(project, folder)}

clonedeploy-check:
  extends: .clonedeploy
  stage: test
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  timeout: 15 minutes
  interruptible: true
  script:
    - ${run} deploy --dry-run --offline --build

clonedeploy-deploy:
  extends: .clonedeploy
  stage: deploy
  rules:
    - if: $CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == ${JSON.stringify(branch)}
  timeout: 30 minutes
  environment: production
  resource_group: production
  interruptible: false
  script:
    - ssh-agent -s >"$CI_PROJECT_DIR.agent"
    - . "$CI_PROJECT_DIR.agent"
    - chmod 400 "$SSH_KEY"
    - ssh-add "$SSH_KEY"
${hosts}    - ${run} deploy --ref "$CI_COMMIT_SHA" --yes --lock-wait 10m
  after_script:
    - . "$CI_PROJECT_DIR.agent" && rm "$CI_PROJECT_DIR.agent" && ssh-agent -k
`
}

function before(project: Package | null, folder: string): string {
  const manager = project?.manager ?? 'npm'
  const lines = [
    ...(folder === '' ? [] : [`cd -- ${shellWord(folder)}`]),
    ...(manager === 'pnpm' || manager === 'yarn' ? ['corepack enable'] : []),
    ...(manager === 'bun' ? ['npm install --global bun'] : []),
    project?.install ?? 'npm install',
  ]
  return lines.map(line => `    - ${JSON.stringify(line)}`).join('\n')
}

function shellWord(word: string): string {
  return /^[\w./@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

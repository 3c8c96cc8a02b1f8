import { cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Project, startProject } from './project.js'
import type { TestFleet } from './sshd.js'

const examples = join(import.meta.dirname, '../../examples')

/**
 * A project with a copy of an example. Its configuration is the example's, with the hosts of a fleet in place of its own
 * and `changes` over it: properties of an object literal, which may use the example's configuration as `config`.
 */
export async function startExample(
  name: string,
  fleet: TestFleet,
  changes = '',
  host: (i: number) => object = () => ({}),
): Promise<Project> {
  const project = await startProject(fleet)
  rmSync(join(project.root, 'deploy.config.json'))
  rmSync(join(project.root, 'app'), { recursive: true })
  cpSync(join(examples, name), project.root, { recursive: true, filter: isSource })
  const file = join(project.root, 'deploy.config.ts')
  if (existsSync(file)) reconfigure(project, fleet, file, changes, host)
  return project
}

/** Puts the hosts of a fleet, and `changes`, over the configuration in a file. */
export function reconfigure(
  project: Project,
  fleet: TestFleet,
  file: string,
  changes = '',
  host: (i: number) => object = () => ({}),
): void {
  const hosts = fleet.hosts.map(({ name }, n) => ({ name, deployTo: project.on(n + 1), ...host(n + 1) }))
  const ssh = { configFile: fleet.sshConfigFile, connectTimeout: '30s' }
  const kept = join(file, '../example.config.ts')
  if (!existsSync(kept)) renameSync(file, kept)
  writeFileSync(
    file,
    `import example from './example.config.ts'
const { stages, defaultStage, ...config } = example
export default { ...config, hosts: ${JSON.stringify(hosts)}, ssh: ${JSON.stringify(ssh)}, ${changes} }
`,
  )
}

function isSource(path: string): boolean {
  return !['.clonedeploy', 'node_modules'].includes(basename(path))
}

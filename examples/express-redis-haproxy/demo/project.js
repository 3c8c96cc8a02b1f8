import { spawn } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { copyDependencies } from './dependencies.js'

const example = join(import.meta.dirname, '..')
const program = join(example, '../../bin/clonedeploy.js')

/** A copy of the app in `dir`, with its dependencies, deployed to the machines by the example's own configuration. */
export function makeProject(dir, machines) {
  const app = join(dir, 'app')
  cpSync(join(example, 'app'), app, { recursive: true, filter: from => basename(from) !== 'node_modules' })
  copyDependencies(join(example, 'app'), app)
  const configure = changes => writeFileSync(join(dir, 'deploy.config.ts'), configOf(machines, changes))
  configure('')
  let running = null
  return {
    configure,
    write: message => writeFileSync(join(app, 'message.txt'), `${message}\n`),
    /** Runs clonedeploy: its exit code, what it said, and its JSON. */
    run: async words => {
      running = spawn(process.execPath, [program, ...words, '--json'], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
      const [stdout, stderr] = [textOf(running.stdout), textOf(running.stderr)]
      const code = await new Promise(resolve => running.on('close', resolve))
      running = null
      return { code, said: await stderr, ...JSON.parse((await stdout) || '{}') }
    },
    stop: () => running?.kill('SIGINT'),
  }
}

async function textOf(stream) {
  let text = ''
  for await (const part of stream.setEncoding('utf8')) text += part
  return text
}

function configOf({ hosts, sshConfigFile }, changes) {
  const inventory = hosts.map(({ name, deployTo, port }) => ({ name, deployTo, roles: [name], env: { PORT: port } }))
  return `import config from '${join(example, 'deploy.config.ts')}'

export default {
  ...config,
  build: [], // the dependencies are here already
  hosts: ${JSON.stringify(inventory)},
  ssh: { configFile: '${sshConfigFile}' },
  health: { ...config.health, url: 'http://127.0.0.1:$PORT/healthz' },
  ${changes}
}
`
}

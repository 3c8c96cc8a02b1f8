import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { reconfigure } from '../support/example.js'
import { writeFiles } from '../support/files.js'
import { installed } from '../support/installed.js'
import { both } from '../support/on-fleet.js'
import { freePort } from '../support/ports.js'
import { type Ended, type Project, startProject } from '../support/project.js'
import { startFleet, type TestFleet } from '../support/sshd.js'
import { makeMachine } from './machine.js'
import { readPage } from './page.js'
import type { Files, Recipe, RecipeHost, Texts } from './recipe.js'

/** A recipe on two hosts, set up as its page says. */
export interface Scene {
  readonly project: Project
  readonly hosts: readonly RecipeHost[]
  /** Commits a version of the app, with `files` over it, and deploys it. */
  readonly deploy: (version: string, files?: Files) => Promise<Ended>
  /** Runs a command line with the configuration of the page. */
  readonly run: (args: string) => Promise<Ended>
  /** The app's files on the page. */
  readonly page: Texts
  /** A host loses all that was ever deployed to it, and is set up once more. */
  readonly wipe: (i: number) => void
}

/** A busy machine is slow: what a page says of time is for hosts that do one thing. */
const patient = `health: [config.health].flat().map(one => ({ ...one, timeout: '1m', tryTimeout: '20s' })),`

export function onRecipe(recipe: Recipe): Scene {
  const page = readPage(recipe.name)
  const { deployTo, configFile } = page
  const others = recipe.hostsOf === undefined ? {} : readPage(recipe.hostsOf).hostFiles
  const hostFiles = { ...others, ...page.hostFiles }
  const here = {} as { fleet: TestFleet; project: Project; hosts: readonly RecipeHost[] }
  let folder: string

  const adapted = (text: string, host: RecipeHost) => {
    const own = text
      .replaceAll(deployTo, host.deployTo)
      .replace(/(\b127\.0\.0\.1:|\bPORT=)\d+/g, `$1${host.port}`)
      .replace('/usr/bin/node', process.execPath)
    return recipe.rewrite?.(own, host) ?? own
  }

  function setUp(host: RecipeHost): void {
    writeFiles(host.machine.folder, recipe.packaged?.(host) ?? {})
    for (const [path, text] of Object.entries({ ...hostFiles, ...sharedOf(recipe, deployTo) })) {
      const isDeployed = path.startsWith(`${deployTo}/`)
      writeFiles(isDeployed ? host.deployTo : host.machine.folder, {
        [adapted(isDeployed ? path.slice(deployTo.length) : path, host)]: adapted(text, host),
      })
    }
    for (const unit of recipe.units ?? []) host.machine.systemctl('start', unit)
  }

  async function startHosts(): Promise<void> {
    const machines = both.map(i => makeMachine(join(folder, `h${i}`)))
    const environment = (i: number) => {
      const machine = machines[i - 1]
      return machine === undefined ? [] : [`PATH=${machine.path}`, ...(recipe.environment?.(machine) ?? [])]
    }
    here.fleet = await startFleet({ hosts: both.length, environment })
    here.project = await startProject(here.fleet)
    const ports = await Promise.all(both.map(freePort))
    here.hosts = machines.map((machine, n) => ({ machine, deployTo: here.project.on(n + 1), port: ports[n] ?? 0 }))
  }

  beforeAll(async () => {
    for (const program of recipe.programs) installed(program)
    folder = mkdtempSync(join(tmpdir(), 'clonedeploy-recipe-'))
    await startHosts()
    startRepository(here.project)
    const config = page.config.replace(/(127\.0\.0\.1)(:\d+)?\//g, '$1:$PORT/')
    here.project.write({ [configFile]: adapted(config, here.hosts[0] as RecipeHost) })
    const file = join(here.project.root, configFile)
    reconfigure(here.project, here.fleet, file, patient, i => ({ env: { PORT: here.hosts[i - 1]?.port } }))
    for (const host of here.hosts) setUp(host)
  })
  afterAll(async () => {
    for (const { machine } of here.hosts ?? []) machine.stop()
    here.project?.remove()
    await here.fleet?.stop()
    if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  const run = (args: string) => here.project.run(`${args} -c ${configFile}`)
  return {
    get project() {
      return here.project
    },
    get hosts() {
      return here.hosts
    },
    page: page.appFiles,
    run,
    deploy(version, files = {}) {
      const { project } = here
      project.write({ ...page.appFiles, ...recipe.app(version, page.appFiles), ...files })
      project.git('add', '-A')
      project.git('commit', '-qm', `Version ${version}`)
      return run('deploy --json')
    },
    wipe(i) {
      const host = here.hosts[i - 1] as RecipeHost
      host.machine.stop()
      rmSync(host.deployTo, { recursive: true, maxRetries: 5 })
      setUp(host)
    },
  }
}

/** An empty repository, to which the configuration does not belong: it has the fleet of this test. */
function startRepository(project: Project): void {
  execFileSync('find', [project.root, '-mindepth', '1', '-delete'])
  project.git('init', '-q', '-b', 'main')
  project.write({ '.git/info/exclude': '.clonedeploy/\ndeploy.config.ts\nexample.config.ts\n' })
}

function sharedOf({ shared = {} }: Recipe, deployTo: string): Texts {
  return Object.fromEntries(Object.entries(shared).map(([path, text]) => [`${deployTo}/shared/${path}`, text]))
}

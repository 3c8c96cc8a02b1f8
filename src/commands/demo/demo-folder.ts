import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stopEmbeddedApps } from '../../embedded/stop-apps.js'
import { packaged } from '../../package.js'
import type { Step } from './demo-steps.js'

/** A temporary folder with the example app and its configuration. */
export async function makeDemoFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'clonedeploy-demo-')))
  try {
    await layOut(folder)
    return folder
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** Puts the version of a step in place. */
export async function changeVersion(folder: string, { message, settings = {} }: Step): Promise<void> {
  await writeFile(join(folder, 'hello/message.txt'), `${message}\n`)
  for (const [host, text] of Object.entries(settings)) {
    const shared = join(fleetOf(folder), host, 'hello/shared/config')
    await mkdir(shared, { recursive: true })
    await writeFile(join(shared, 'app.env'), text)
  }
}

/** Stops the apps and removes everything. */
export async function removeDemoFolder(folder: string): Promise<void> {
  await stopEmbeddedApps(fleetOf(folder))
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}

export function fleetOf(folder: string): string {
  return join(folder, '.clonedeploy/fleet')
}

async function layOut(folder: string): Promise<void> {
  await cp(packaged('examples/hello'), join(folder, 'hello'), { recursive: true })
  const config = {
    app: 'hello',
    source: { dir: 'hello' },
    deployTo: 'hello',
    hosts: { embedded: 3 },
    shared: { dirs: ['config'] },
    restart: 'sh bin/restart.sh',
    health: { url: 'http://127.0.0.1:$APP_PORT/healthz', release: 'body', timeout: '5s' },
  }
  await writeFile(join(folder, 'deploy.config.json'), `${JSON.stringify(config, null, 2)}\n`)
}

import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type LoadOptions, loadConfig } from '../../src/config/load/load.js'
import { Refusal } from '../../src/errors.js'

/** A real folder with these files, gone after the test. */
export async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'clonedeploy-config-')))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

/** A project whose deploy.config.json is this value. */
export function jsonProject(config: unknown): Promise<string> {
  return project({ 'deploy.config.json': JSON.stringify(config) })
}

/** What somebody reads who loads a config that is refused. */
export async function refusal(options: LoadOptions): Promise<Refusal> {
  try {
    await loadConfig(options)
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error('the config was accepted')
}

/** The lines about each problem of a config given as JSON, without their alignment. */
export async function problems(config: unknown): Promise<readonly string[]> {
  const { details } = await refusal({ cwd: await jsonProject(config) })
  return details.map(line => line.replace(/ {3,}/, '  '))
}

export const minimal = { app: 'shop', deployTo: '/srv/shop', hosts: ['web-1'] }

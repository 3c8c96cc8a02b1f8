import { existsSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sshdIsHere } from '../support/sshd.js'
import { json, packageOf, packedApp, serverBelow } from './packed.js'
import type { Files } from './recipe.js'
import { walk } from './walk.js'

const workspace: Files = {
  'package.json': json({ name: 'acme', private: true, workspaces: ['apps/*', 'packages/*'] }),
  'apps/web/package.json': packageOf('web', '../..', { '@acme/greeting': '*' }),
  'apps/web/src/server.js': serverBelow('../..'),
  'packages/greeting/package.json': json({ name: '@acme/greeting', type: 'module', exports: './greeting.js' }),
  '.gitignore': 'node_modules/\ndist/\n.env\n',
}

/** Writes into its release as it starts. */
const version = (status: number) => `import { mkdirSync, writeFileSync } from 'node:fs'
mkdirSync('tmp', { recursive: true })
writeFileSync('tmp/started', '')
export { greeting as text } from '@acme/greeting'
export const status = ${status}
`

describe.skipIf(!sshdIsHere())('docs/recipes/workspace.md', { shuffle: false }, () => {
  const files = packedApp(workspace)
  const scene = walk({
    name: 'workspace',
    programs: [],
    shared: { 'apps/web/.env': 'PORT=3000\n' },
    app: shown => ({
      ...files(),
      'apps/web/src/version.js': version(200),
      'packages/greeting/greeting.js': `export const greeting = '${shown}'\n`,
    }),
    broken: () => ({ 'apps/web/src/version.js': version(500) }),
    writes: ['apps/web/tmp/started'],
    seamless: false,
  })

  it('has the packages of the server at its root, links to its neighbours, and none that only the build needs', () => {
    for (const { deployTo } of scene.hosts) {
      const packages = join(deployTo, 'current/node_modules')
      expect(readlinkSync(join(packages, '@acme/greeting'))).toBe('../../packages/greeting')
      expect([existsSync(join(packages, 'line')), existsSync(join(packages, 'bundle'))]).toEqual([true, false])
    }
  })
})

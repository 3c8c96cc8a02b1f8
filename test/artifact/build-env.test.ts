import { expect, it } from 'vitest'
import { checkoutEnv } from '../../src/artifact/workspace.js'

const project = '/home/anna/shop/web'

it.each([
  ['/home/anna/shop/web/node_modules/.bin', false],
  ['/home/anna/shop/node_modules/.bin', false],
  ['/node_modules/.bin', false],
  ['/home/anna/shop/web/sub/node_modules/.bin', false],
  ['/home/anna/shop/web/node_modules/.pnpm/node_modules', false],
  ['/home/anna/.npm/_npx/1a2b3c/node_modules/.bin', false],
  ['/usr/lib/node_modules/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin', true],
  ['/home/anna/tools/node_modules/.bin', true],
  ['/home/anna/shop/web/bin', true],
  ['/usr/bin', true],
])('a build in a checkout has %s on its paths: %s', (entry, expected) => {
  const { PATH, NODE_PATH } = checkoutEnv({ PATH: `/bin:${entry}`, NODE_PATH: entry }, project)
  expect([PATH, NODE_PATH]).toEqual(expected ? [`/bin:${entry}`, entry] : ['/bin', ''])
})

it('a build in a checkout has the rest of the environment, but for what npm and git say of the project', () => {
  const given = {
    HOME: '/home/anna',
    API_URL: 'x',
    npm_config_registry: 'y',
    INIT_CWD: project,
    npm_package_name: 'web',
    npm_lifecycle_event: 'deploy',
    npm_config_local_prefix: project,
    GIT_DIR: '.git',
  }
  expect(checkoutEnv(given, project)).toEqual({ HOME: '/home/anna', API_URL: 'x', npm_config_registry: 'y' })
})

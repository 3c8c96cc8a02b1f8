import { defineConfig } from 'clonedeploy'

export default defineConfig({
  app: 'site',
  source: { dir: 'public' },
  deployTo: '/srv/site',
  hosts: ['web-1', 'web-2'],
  // nginx follows `current` at each request: there is nothing to restart. The header is proof of what it serves.
  health: { url: 'http://127.0.0.1/', release: { header: 'x-release' } },

  stages: {
    production: {},
    // Two SSH hosts inside the process, to look at without a server: sh serve.sh
    local: { hosts: { embedded: 2 }, deployTo: 'site', health: [] },
  },
  defaultStage: 'production',
})

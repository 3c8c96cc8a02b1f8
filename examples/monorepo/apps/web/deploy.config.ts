import { defineConfig } from 'clonedeploy'

export default defineConfig({
  app: 'web',
  source: { git: '../..', subdir: 'apps/web' },
  build: 'sh build.sh', // in the app's folder of a clean checkout
  include: 'dist',
  deployTo: '/srv/web',
  hosts: ['web-1', 'web-2'],
  restart: { systemd: 'web' },
  health: { url: 'http://127.0.0.1:3000/healthz', release: 'body' },

  stages: {
    production: {},
    local: { hosts: { embedded: 1 }, deployTo: 'web', restart: [], health: [] },
  },
  defaultStage: 'production',
})

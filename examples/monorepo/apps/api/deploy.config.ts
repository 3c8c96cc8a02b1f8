import { defineConfig } from 'clonedeploy'

export default defineConfig({
  app: 'api',
  source: { git: '../..', subdir: 'apps/api' },
  build: 'sh build.sh', // in the app's folder of a clean checkout
  include: 'dist',
  deployTo: '/srv/api',
  hosts: ['api-1'],
  restart: { systemd: 'api' },
  health: { url: 'http://127.0.0.1:4000/healthz', release: 'body' },

  stages: {
    production: {},
    local: { hosts: { embedded: 1 }, deployTo: 'api', restart: [], health: [] },
  },
  defaultStage: 'production',
})

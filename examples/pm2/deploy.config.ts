import { defineConfig } from 'clonedeploy'

export default defineConfig({
  app: 'shop',
  source: { dir: 'app' },
  deployTo: '/srv/shop',
  hosts: ['deploy@web-1', 'deploy@web-2'],
  // Before any host is swapped: pm2 takes the old process away also when the new one does not start.
  prepare: 'node server.js --try',
  restart: { pm2: 'shared/ecosystem.config.cjs' },
  health: { url: 'http://127.0.0.1:3000/healthz', release: 'body' },

  stages: {
    production: {},
    // Two SSH hosts inside the process, each with a pm2 of its own.
    local: {
      hosts: { embedded: 2 },
      deployTo: 'shop',
      health: { url: 'http://127.0.0.1:$APP_PORT/healthz', release: 'body' },
    },
  },
  defaultStage: 'production',
})

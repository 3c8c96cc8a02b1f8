import { defineConfig } from 'clonedeploy'

export default defineConfig({
  app: 'shop',
  source: { dir: 'app' },
  deployTo: '/srv/shop',
  hosts: ['deploy@web-1', 'deploy@web-2', 'deploy@web-3'],
  restart: { systemd: 'shop' }, // the template: { systemd: 'shop@{3001,3002}' }
  health: { url: 'http://127.0.0.1:3000/healthz', release: 'body' },
})

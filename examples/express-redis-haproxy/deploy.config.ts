import { defineConfig } from 'clonedeploy'

export default defineConfig({
  app: 'shop',
  source: { dir: 'app' },
  build: 'npm install --prefix app --omit=dev',
  deployTo: '/srv/shop',
  hosts: ['web-1', 'web-2', 'web-3'],
  shared: { files: ['app.env'] },
  restart: 'sh bin/reload.sh',
  health: { url: 'http://127.0.0.1:3000/healthz', release: 'body' },
})

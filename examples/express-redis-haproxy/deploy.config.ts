import { defineConfig } from 'clonedeploy'

export default defineConfig({
  app: 'shop',
  source: { dir: 'app' },
  build: 'npm install --prefix app --omit=dev',
  deployTo: '/srv/shop',
  hosts: ['web-1', 'web-2', 'web-3'],
  shared: { files: ['app.env'] },
  logs: { file: 'shared/app.log' },
  audit: {
    ignore: ['app.env', 'pid'], // each host has its own, and no user is in them
    ask: ['/', { url: '/', headers: { accept: 'application/json' } }],
    login: { request: { url: '/login', form: { user: 'audit' } }, page: '/', expect: 'audit, this is your visit' },
  },
  restart: {
    warm: 'sh bin/serve.sh warm',
    ready: 'sh bin/serve.sh ready',
    switch: 'set -- switch; . bin/serve.sh', // in the very shell that waits for the word: no process is started
    cool: 'sh bin/serve.sh cool',
  },
  health: { url: 'http://127.0.0.1:3000/healthz', release: 'body' },
})

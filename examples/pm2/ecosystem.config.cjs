// On each host as deployTo/shared/ecosystem.config.cjs: outside the releases, with the absolute path of `current` as cwd. Started
// from inside a release, pm2 would stay in that one.
const { join } = require('node:path')

module.exports = {
  apps: [
    {
      name: 'shop',
      cwd: join(__dirname, '../current'),
      script: 'server.js',
      // In a cluster pm2 starts the new process beside the old one, and takes that away when the new one is ready.
      exec_mode: 'cluster',
      instances: 2,
      wait_ready: true,
      listen_timeout: 10_000,
      kill_timeout: 10_000,
      env: { PORT: process.env.APP_PORT ?? 3000 },
    },
  ],
}

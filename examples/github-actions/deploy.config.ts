import { defineConfig } from 'clonedeploy'

export default defineConfig({
  app: 'shop',
  source: { git: '.' },
  build: 'npm run build',
  include: 'dist',
  deployTo: '/srv/shop',
  restart: { systemd: 'shop' },
  secrets: { DB_URL: { env: 'DB_URL' } },
  stages: {
    production: {
      // What `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints on each host.
      hosts: [
        { host: 'web-1', user: 'deploy', hostKey: 'SHA256:vGtNXcJzQWwQ1sYb1qz1e0Y0o3PZ9n2nQ5N0l5cQC8Y' },
        { host: 'web-2', user: 'deploy', hostKey: 'SHA256:ACFUkP0s5r4mXb0yq6p1cB1q2v9i8h7w6t5e4d3SrIg' },
      ],
    },
  },
})

// This repository's own demo: the app in examples/hello on three hosts. Run `npx clonedeploy deploy` here, change
// examples/hello/message.txt, and run it again. A file like this one is all that a project needs.
import { defineConfig } from 'clonedeploy'

export default defineConfig({
  // Name of the app, in messages and logs.
  app: 'hello',

  // What is built. A folder is taken as it is: { dir }. A repository is built from a clean checkout of one revision,
  // whatever lies uncommitted beside it: { git: '.', ref: 'main' }.
  source: { dir: 'examples/hello' },

  // Commands that build the release, once, on this machine; the hosts get the result. This app needs none.
  // build: ['npm ci', 'npm run build'],

  // The folder on every host that holds releases/, shared/ and the link `current`: absolute ('/srv/hello'), or relative
  // to the login's home as here.
  deployTo: 'hello',

  // The fleet. Real hosts are named as for ssh: ['web-1', 'deploy@10.0.0.2:2222', { name: 'web-3', host: '10.0.0.3' }].
  // These three are SSH hosts inside the clonedeploy process, in folders below .clonedeploy/fleet/, up while a command
  // runs. Their apps stay up: `sh .clonedeploy/fleet/stop` ends them, `cat .clonedeploy/fleet/*.port` tells their ports.
  hosts: { embedded: 3 },

  // What belongs to the host and outlives releases: linked from shared/ into each release. `dirs` are made when missing,
  // `files` must be there before the first deploy.
  shared: { dirs: ['config'] },

  // Run in the release on every host, before any host is swapped. With once: true, on one host only.
  // prepare: ['npm run check', { run: 'npm run migrate', once: true }],

  // Makes the app serve the release that was just put in place, and again the old one when all hosts go back.
  // Under systemd: { systemd: 'hello' }. docs/serve.md has more.
  restart: 'sh bin/restart.sh',

  // Asked on each host after the restart; unless it answers in time, on all of them, all of them go back. $NAME is a
  // variable of the host. release: 'body' says that the answer names the release, so an old process cannot pass for new.
  health: { url: 'http://127.0.0.1:$APP_PORT/healthz', release: 'body', timeout: '10s' },

  // Old releases to keep on every host, to roll back to.
  keepReleases: 5,

  // More than one fleet: each stage says what differs. Then: clonedeploy deploy staging
  // stages: { production: { protected: true }, staging: { hosts: ['stage-1'] } },
})

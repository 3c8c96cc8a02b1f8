import { describe } from 'vitest'
import { isHere } from '../support/installed.js'
import { sshdIsHere } from '../support/sshd.js'
import { nginx, onWebServer } from './php-host.js'
import { walk } from './walk.js'

const text = `[200, { 'content-type' => 'text/plain' }, [VERSION]]`
const users = `
map('/slow') { run ->(_) { sleep 0.5; ${text} } }
map('/') { run ->(_) { ${text} } }
`

const withUsers = (page = '') => `require_relative 'version'\n${page.replace(/^map\('\/'\).*\n/m, users)}`

/** An app of Rack behind a server that each release has for itself. */
export function walkRack(name: string, server: string): void {
  const programs = ['nginx', 'curl', server]
  describe.skipIf(!sshdIsHere() || !programs.every(isHere))(`docs/recipes/${name}.md`, { shuffle: false }, () => {
    walk({
      name,
      hostsOf: 'gunicorn-warm',
      programs,
      packaged: nginx,
      units: ['nginx'],
      rewrite: onWebServer,
      app: (version, page) => ({
        'config.ru': withUsers(page['config.ru']),
        'version.rb': `VERSION = '${version}'\n`,
      }),
      broken: page => ({ 'config.ru': withUsers(page['config.ru']).replace('200', '500') }),
      refused: { files: { 'version.rb': "require 'nowhere'\n" }, says: /cannot load such file -- nowhere/ },
      writes: [],
      seamless: true,
      warm: true,
      paths: ['/slow'],
    })
  })
}

import { describe } from 'vitest'
import { isHere } from '../support/installed.js'
import { sshdIsHere } from '../support/sshd.js'
import { gems } from './gems.js'
import { walk } from './walk.js'

const routes = `
  get('/') { VERSION }

  get '/slow' do
    sleep 0.5
    VERSION
  end
end
`

const withRoutes = (app = '') => `require_relative 'version'\n${app.replace(/^end\n$/m, routes)}`

describe.skipIf(!sshdIsHere() || !isHere('puma'))('docs/recipes/sinatra.md', { shuffle: false }, () => {
  walk({
    name: 'sinatra',
    programs: ['puma', 'ruby-sinatra', 'bundle'],
    shared: { '.env': 'RACK_ENV=production\n' },
    app: (version, page) => ({
      'app.rb': withRoutes(page['app.rb']),
      'version.rb': `VERSION = '${version}'\n`,
      ...gems('puma', 'sinatra'),
    }),
    broken: page => ({ 'app.rb': withRoutes(page['app.rb']).replace('"ok', '500 # "ok') }),
    refused: { files: { 'version.rb': "require 'nowhere'\n" }, says: /cannot load such file -- nowhere/ },
    writes: [],
    seamless: true,
    paths: ['/slow'],
  })
})

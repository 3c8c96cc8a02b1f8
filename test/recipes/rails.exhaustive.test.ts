import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { installed, isHere } from '../support/installed.js'
import { sshdIsHere } from '../support/sshd.js'
import { gems } from './gems.js'
import { walk } from './walk.js'

const controller = `class PagesController < ApplicationController
  def show
    sleep 0.5 if request.path == '/slow'
    render plain: Greeting.table_exists? ? VERSION : 'no table'
  end
end
`
const migration = `class CreateGreetings < ActiveRecord::Migration[6.1]
  def change
    create_table :greetings
  end
end
`
const routes = `
  root 'pages#show'
  get '/slow', to: 'pages#show'
end
`
const withRoutes = (page = '') => page.replace(/^end\n$/m, routes)

describe.skipIf(!sshdIsHere() || !isHere('rails'))('docs/recipes/rails.md', { shuffle: false }, () => {
  /** Of the database that all hosts use. */
  const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-rails-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  const scene = walk({
    name: 'rails',
    programs: ['puma', 'rails', 'ruby-sqlite3'],
    shared: { '.env': `RAILS_ENV=production\nSECRET_KEY_BASE=${'a'.repeat(64)}\nDATABASE_URL=sqlite3:${folder}/db\n` },
    app: (version, page) => ({
      // Debian's puma comes without the program that this starts.
      'config/puma.rb': page['config/puma.rb']?.replace(/^prune_bundler.*\n/m, '') ?? '',
      'config/routes.rb': withRoutes(page['config/routes.rb']),
      'config/initializers/version.rb': `VERSION = '${version}'\n`,
      'app/controllers/pages_controller.rb': controller,
      'app/models/greeting.rb': 'class Greeting < ApplicationRecord\nend\n',
      'db/migrate/20260101000000_create_greetings.rb': migration,
      ...gems('puma', 'rails', 'sqlite3'),
    }),
    broken: page => ({ 'config/routes.rb': withRoutes(page['config/routes.rb']).replace('[200', '[500') }),
    refused: {
      files: { 'app/models/odd.rb': 'class Even\nend\n' },
      says: /expected file .*odd\.rb to define constant Odd/,
    },
    writes: ['log/production.log'],
    seamless: true,
    paths: ['/slow'],
  })

  beforeAll(() => {
    const without = ['git', 'bundle', 'bootsnap'].map(name => `--skip-${name}`)
    const { root } = scene.project
    execFileSync(installed('rails'), ['new', '.', '--minimal', ...without], { cwd: root, stdio: 'pipe' })
    // The page does without `rails credentials`.
    for (const name of ['master.key', 'credentials.yml.enc']) rmSync(join(root, 'config', name))
  })
})

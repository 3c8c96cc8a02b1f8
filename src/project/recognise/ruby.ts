import { type Folder, type Recogniser, reloaded } from './recognised.js'

const withEnv = (command: string) => `set -a && . ./.env && ${command}`

export const recogniseRails: Recogniser = folder => {
  if (!hasGem(folder, 'rails') || !folder.has('config/application.rb')) return null
  const assets = 'RAILS_ENV=production SECRET_KEY_BASE=build bin/rails assets:precompile'
  const up = folder.text('config/routes.rb').includes('rails/health#show')
  return {
    kind: 'Rails',
    recipe: 'rails',
    config: {
      build: folder.has('app/assets') ? ['bundle install --quiet', assets] : [],
      shared: { dirs: ['log', 'tmp'], files: ['.env'] },
      prepare: [
        withEnv('bundle install --quiet && bin/rails zeitwerk:check'),
        ...(folder.has('config/database.yml') ? [{ run: withEnv('bin/rails db:migrate'), once: true }] : []),
      ],
    },
    restart: reloaded,
    ...(up ? { health: 'http://127.0.0.1:3000/up' } : {}),
  }
}

/** Sinatra, and any other app of Rack. */
export const recogniseRack: Recogniser = folder => {
  const sinatra = hasGem(folder, 'sinatra')
  if (!sinatra && !folder.has('config.ru')) return null
  const loads = `bundle exec ruby -r rack -e "Rack::Builder.parse_file('config.ru')"`
  return {
    kind: sinatra ? 'Sinatra' : 'Rack',
    recipe: 'sinatra',
    config: {
      shared: { files: ['.env'] },
      prepare: [withEnv('bundle install --quiet'), ...(folder.has('config.ru') ? [withEnv(loads)] : [])],
    },
    restart: reloaded,
  }
}

function hasGem({ text }: Folder, name: string): boolean {
  return new RegExp(`^\\s*gem\\s*\\(?\\s*['"]${name}['"]`, 'm').test(text('Gemfile'))
}

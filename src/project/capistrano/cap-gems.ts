/** What a gem of Capistrano's does at a deploy, and what does it here. */
export interface Gem {
  readonly name: string
  /** Beginnings of its settings. */
  readonly settings: readonly string[]
  /** null: nothing is lost without it. */
  readonly instead: string | null
}

const recipe = (name: string) => `docs/recipes/${name}.md`
const unit = "restart: { systemd: 'UNIT' }; clonedeploy run -- systemctl list-units shows its name"
const version = 'the version is for the hosts and for prepare: name its folder in env: { PATH: … }'

const gems: readonly Gem[] = [
  ...['setup', 'deploy', 'scm/git', 'framework', 'all'].map(own),
  { name: 'capistrano/console', settings: [], instead: 'clonedeploy run -- COMMAND' },
  {
    name: 'capistrano/rails',
    settings: ['rails_', 'assets_', 'normalize_asset', 'keep_assets'],
    instead: `build: ['bin/rails assets:precompile'], prepare: [{ run: 'bin/rails db:migrate', once: true }], as in ${recipe('rails')}`,
  },
  {
    name: 'capistrano/rails/assets',
    settings: [],
    instead: `build: ['bin/rails assets:precompile'], once and not on the hosts, as in ${recipe('rails')}`,
  },
  {
    name: 'capistrano/rails/migrations',
    settings: ['migration_', 'conditionally_migrate'],
    instead: `prepare: [{ run: 'bin/rails db:migrate', once: true }], as in ${recipe('rails')}`,
  },
  { name: 'capistrano/rails/console', settings: ['console_'], instead: 'ssh to a host' },
  {
    name: 'capistrano/bundler',
    settings: ['bundle_', 'bundler_'],
    instead: `prepare: ['bundle install --quiet'], with BUNDLE_PATH in shared/.env as in ${recipe('rails')}`,
  },
  { name: 'capistrano/rbenv', settings: ['rbenv_'], instead: version },
  { name: 'capistrano/rvm', settings: ['rvm_', 'rvm1_'], instead: version },
  { name: 'capistrano/chruby', settings: ['chruby_'], instead: version },
  { name: 'capistrano/asdf', settings: ['asdf_'], instead: version },
  { name: 'capistrano/nvm', settings: ['nvm_'], instead: version },
  {
    name: 'capistrano/passenger',
    settings: ['passenger_'],
    instead: "restart: { touch: 'tmp/restart.txt' }",
  },
  {
    name: 'capistrano/puma',
    settings: ['puma_', 'nginx_'],
    instead: `${unit}; ${recipe('rails')}, and ${recipe('puma-warm')} without a gap`,
  },
  { name: 'capistrano/unicorn', settings: ['unicorn_'], instead: `${unit}; ${recipe('unicorn-warm')}` },
  {
    name: 'capistrano/sidekiq',
    settings: ['sidekiq_', 'service_unit_', 'systemctl_user'],
    instead: `${unit}, with roles: ['…'] for its hosts`,
  },
  { name: 'capistrano/resque', settings: ['resque_'], instead: unit },
  { name: 'capistrano/delayed_job', settings: ['delayed_job_'], instead: unit },
  {
    name: 'whenever/capistrano',
    settings: ['whenever_'],
    instead: "restart: ['…', 'bundle exec whenever --update-crontab NAME']: it runs again when the fleet goes back",
  },
  { name: 'capistrano/npm', settings: ['npm_'], instead: "build: ['npm ci', 'npm run build']" },
  { name: 'capistrano/yarn', settings: ['yarn_'], instead: "build: ['yarn install --immutable', 'yarn build']" },
  {
    name: 'capistrano/pm2',
    settings: ['pm2_'],
    instead: `restart: { pm2: 'shared/ecosystem.config.cjs' }, as in ${recipe('pm2')}`,
  },
  {
    name: 'capistrano/composer',
    settings: ['composer_'],
    instead: `build: ['composer install --no-dev'], as in ${recipe('php')}`,
  },
  { name: 'capistrano/symfony', settings: ['symfony_'], instead: `the hooks in ${recipe('symfony')}` },
  { name: 'capistrano/laravel', settings: ['laravel_'], instead: `the hooks in ${recipe('laravel')}` },
  { name: 'capistrano/git-submodule-strategy', settings: [], instead: "source: { git: '…', submodules: true }" },
  { name: 'capistrano/maintenance', settings: ['maintenance_'], instead: 'clonedeploy maintenance on' },
  {
    name: 'capistrano/scm/svn',
    settings: ['svn_'],
    instead: 'releases are built from git, a folder or what CI built: source',
  },
  {
    name: 'capistrano/scm/hg',
    settings: ['hg_'],
    instead: 'releases are built from git, a folder or what CI built: source',
  },
  { name: 'airbrussh/capistrano', settings: [], instead: null },
]

/** Names by which the same gem is required, and plugins that are installed. */
const others: ReadonlyMap<string, string> = new Map(
  Object.entries({
    deploy: 'capistrano/deploy',
    bundler: 'capistrano/bundler',
    capistrano: 'capistrano/deploy',
    airbrussh: 'airbrussh/capistrano',
    'capistrano/faster_assets': 'capistrano/rails/assets',
    'capistrano-nvm': 'capistrano/nvm',
    'capistrano/pending': 'capistrano/console',
    'capistrano3/unicorn': 'capistrano/unicorn',
    'capistrano/delayed-job': 'capistrano/delayed_job',
  }),
)

function own(name: string): Gem {
  return { name: `capistrano/${name}`, settings: [], instead: null }
}

/** The gem that is required by this name, or has this plugin: `capistrano/puma`, `Capistrano::Puma::Systemd`. */
export function gemOf(name: string): Gem | null {
  const path = name.startsWith('Capistrano::') ? name.replaceAll('::', '/').toLowerCase() : name
  const known = others.get(path) ?? path
  const exact = gems.find(gem => gem.name === known)
  if (exact !== undefined || !known.includes('/')) return exact ?? null
  // Parts of a gem, such as capistrano/puma/nginx.
  const within = gems.filter(gem => gem.instead !== null && known.startsWith(`${gem.name}/`))
  return within.at(-1) ?? null
}

/** The gem that a setting belongs to. */
export function gemWith(setting: string): Gem | null {
  return gems.find(gem => gem.settings.some(start => setting.startsWith(start))) ?? null
}

/** What `cap install` writes, filled in. */
export const plain: Readonly<Record<string, string>> = {
  Capfile: `# Load DSL and set up stages
require "capistrano/setup"

# Include default deployment tasks
require "capistrano/deploy"

# Load the SCM plugin appropriate to your project:
#
# require "capistrano/scm/svn"
# install_plugin Capistrano::SCM::Svn
# or
require "capistrano/scm/git"
install_plugin Capistrano::SCM::Git

# require "capistrano/rails/assets"
# require "capistrano/passenger"

# Load custom tasks from \`lib/capistrano/tasks\` if you have any defined
Dir.glob("lib/capistrano/tasks/*.rake").each { |r| import r }
`,
  'config/deploy.rb': `# config valid for current version and patch releases of Capistrano
lock "~> 3.19.1"

set :application, "shop"
set :repo_url, "git@example.com:acme/shop.git"

# Default branch is :master
# ask :branch, \`git rev-parse --abbrev-ref HEAD\`.chomp
set :branch, "main"

# Default deploy_to directory is /var/www/my_app_name
set :deploy_to, "/var/www/#{fetch(:application)}"

# Default value for :pty is false
# set :pty, true

# Default value for :linked_files is []
append :linked_files, "config/database.yml", 'config/master.key'

# Default value for linked_dirs is []
append :linked_dirs, "log", "tmp/pids", "tmp/cache",
  "public/system" # and no more

set :default_env, { rack_env: "production", "Path_style" => 'a b' }
set :keep_releases, 7
`,
  'config/deploy/production.rb': `# server-based syntax
# ======================
# server "example.com", user: "deploy", roles: %w{app db web}, my_property: :my_value

server "web-2.example.com", user: "deploy", roles: %w{app web}
server "web-1.example.com", user: "deploy", roles: %w{app db web}, primary: true

# role-based syntax
role :worker, %w{deploy@web-2.example.com jobs@10.0.0.9:2222}
`,
}

/** A Rails app with two stages and its gems. */
export const rails: Readonly<Record<string, string>> = {
  Gemfile: "gem 'rails'\n",
  'config/application.rb': '',
  'config/database.yml': '',
  Capfile: `# frozen_string_literal: true
require 'capistrano/setup'
require 'capistrano/deploy'
require 'capistrano/scm/git'
install_plugin Capistrano::SCM::Git
require 'capistrano/rbenv'
require 'capistrano/rails'
require 'capistrano/puma'
install_plugin Capistrano::Puma, load_hooks: true
install_plugin Capistrano::Puma::Systemd
require 'capistrano/sidekiq'
require 'capistrano/acme_notify'
require 'whenever/capistrano'
Dir.glob('lib/capistrano/tasks/*.rake').each(&method(:import))
`,
  'config/deploy.rb': `set :application, 'shop'
set :repo_url, 'https://github.com/acme/shop.git'
set :repo_tree, 'backend'
set :deploy_to, -> { "/srv/#{fetch(:application)}-#{fetch(:stage)}" }
set :branch, ENV['BRANCH'] || 'main'
set :rbenv_type, :user
set :rbenv_ruby, '3.3.8'
set :linked_dirs, fetch(:linked_dirs, []).push('log', 'tmp', 'public/assets', 'node_modules')
set :linked_files, %w[config/master.key]
set :default_env, {
  'RAILS_LOG_TO_STDOUT' => '1', # to systemd
  path: '/opt/ruby/bin:$PATH',
  secret_key_base: 'do-not-print',
}
set :ssh_options, {
  forward_agent: true,
  auth_methods: %w(publickey),
  keys: %w(~/.ssh/deploy_rsa),
  proxy: Net::SSH::Proxy::Command.new('ssh jump@bastion.example.com -W %h:%p')
}

namespace :deploy do
  desc 'Restart it'
  task :restart do
    on roles(:app), in: :sequence, wait: 5 do
      if test("[ -f x ]")
        execute :touch, release_path.join('tmp/restart.txt')
      end
    end
  end
  after :publishing, :restart
end
after 'deploy:finished', 'slack:notify'
`,
  'config/deploy/production.rb': `set :stage, :production
server '10.0.0.1', user: 'deploy', roles: %w[app db web], primary: true
server '10.0.0.2', user: 'deploy', roles: %w[app web], ssh_options: { port: 2200 }
`,
  'config/deploy/qa-1.rb': `server 'qa.example.com', user: 'deploy', roles: [:app, :db, :web]
set :branch, 'develop'
set :keep_releases, 2
`,
  'lib/capistrano/tasks/seed.rake': "task(:seed) { puts 'seed' }\n",
}

/** What is legal, and odd. */
export const odd: Readonly<Record<string, string>> = {
  'config/deploy.rb': `=begin
set :application, 'from a comment'
=end
app = 'shop'
set(:application, app)
set :repo_url, %q(git@example.com:acme/shop.git)
set :branch, \`git rev-parse HEAD\`.chomp
set :deploy_to, "/srv/#{app}" \\
  "/www"
set :keep_releases, 3 if ENV['FEW']
banner = <<~TEXT
  set :deploy_to, '/from/a/heredoc'
  server 'heredoc.example.com'
  it's #{"nested \\"quotes\\""} end
TEXT
set :linked_files, %w[
  .env
  config/odd\\ name.yml
]
set :linked_dirs, ['log', "tmp/#{app}", *extra_dirs]
if ENV['STAGING']
  set :deploy_to, '/srv/other'
  server 'maybe.example.com', roles: %w(app)
end
%w[a b].each do |name|
  server "#{name}.example.com", roles: :app
end
server 'web-1', user: fetch(:user, 'deploy'), roles: %i[web app], weight: compute(3)
server ENV['HOST'], roles: %w(app)
server 'web-2', roles: :web unless ENV['ONE']
def now = Time.now
def helper(name)
  name =~ /end #{name}/ ? 1 / 2 : 3 % 4
end
set :password, 'do-not-print'
x = { a: 1, 'b' => [2, { c: 3 }] }
puts "}" if x[:a].end == '#{'
SSHKit.config.command_map[:rake] = 'bundle exec rake'
__END__
set :application, 'after the end'
`,
}

import { assetsOf } from './node-build.js'
import { type Folder, type Recognised, type Recogniser, reloaded, unit } from './recognised.js'

type Prepare = Extract<Recognised['config']['prepare'], readonly unknown[]>

/** With packages of its own, or with those of the hosts' system. */
export const recogniseDjango: Recogniser = folder => {
  if (!folder.has('manage.py')) return null
  const own = packagesOf(folder) !== null
  const manage = `${own ? '.venv/bin/python' : 'python3'} manage.py`
  const config = prepared(folder, [
    `${manage} check --deploy`,
    `${manage} collectstatic --noinput`,
    { run: `${manage} migrate --noinput`, once: true },
  ])
  return { kind: 'Django', recipe: 'django', config, restart: own ? unit : reloaded }
}

export const recogniseFlask: Recogniser = folder => {
  const app = ['app', 'wsgi'].find(name => folder.has(`${name}.py`))
  const needs = folder.text('requirements.txt') + folder.text('pyproject.toml')
  if (app === undefined || !/(^|["'])\s*flask\b(?!-)/im.test(needs)) return null
  const config = prepared(folder, [`.venv/bin/gunicorn --check-config ${app}:app`])
  return { kind: 'Flask', recipe: 'flask', config, restart: unit }
}

/** A virtual environment holds the path of its folder, so each host makes its own. */
function prepared(folder: Folder, then: Prepare): Recognised['config'] {
  const assets = assetsOf(folder)
  const packages = packagesOf(folder)
  const install = `.venv/bin/pip install --quiet --disable-pip-version-check ${packages}`
  return {
    ...(assets.length === 0 ? {} : { build: assets, include: ['!node_modules'] }),
    ...(folder.has('.env') || folder.has('.env.example') ? { shared: { files: ['.env'] } } : {}),
    writable: [...(packages === null ? [] : ['.venv']), '**/__pycache__'],
    prepare: [...(packages === null ? [] : ['python3 -m venv .venv', install]), ...then],
  }
}

function packagesOf({ has }: Folder): string | null {
  if (has('requirements.txt')) return '-r requirements.txt'
  return has('pyproject.toml') ? '.' : null
}

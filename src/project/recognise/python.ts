import { assetsOf } from './node-build.js'
import { type Folder, type Recognised, type Recogniser, unit } from './recognised.js'

export const recogniseDjango: Recogniser = folder =>
  folder.has('manage.py')
    ? {
        kind: 'Django',
        recipe: 'django',
        config: inVenv(folder, [
          '.venv/bin/python manage.py check --deploy',
          '.venv/bin/python manage.py collectstatic --noinput',
          { run: '.venv/bin/python manage.py migrate --noinput', once: true },
        ]),
        restart: unit,
      }
    : null

export const recogniseFlask: Recogniser = folder => {
  const app = ['app', 'wsgi'].find(name => folder.has(`${name}.py`))
  const needs = folder.text('requirements.txt') + folder.text('pyproject.toml')
  if (app === undefined || !/(^|["'])\s*flask\b(?!-)/im.test(needs)) return null
  const config = inVenv(folder, [`.venv/bin/gunicorn --check-config ${app}:app`])
  return { kind: 'Flask', recipe: 'flask', config, restart: unit }
}

/** A virtual environment holds the path of its folder, so each host makes its own. */
function inVenv(
  folder: Folder,
  then: Extract<Recognised['config']['prepare'], readonly unknown[]>,
): Recognised['config'] {
  const from = folder.has('requirements.txt') ? '-r requirements.txt' : '.'
  const assets = assetsOf(folder)
  return {
    ...(assets.length === 0 ? {} : { build: assets, include: ['!node_modules'] }),
    ...(folder.has('.env') || folder.has('.env.example') ? { shared: { files: ['.env'] } } : {}),
    writable: ['.venv', '**/__pycache__'],
    prepare: ['python3 -m venv .venv', `.venv/bin/pip install --quiet --disable-pip-version-check ${from}`, ...then],
  }
}

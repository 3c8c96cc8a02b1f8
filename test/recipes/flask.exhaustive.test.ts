import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { isHere } from '../support/installed.js'
import { sshdIsHere } from '../support/sshd.js'
import { walk } from './walk.js'

const packages = ['flask', 'werkzeug', 'jinja2', 'markupsafe', 'itsdangerous', 'click', 'gunicorn']

const users = `
import time
from flask import abort, request
import version

@app.get('/')
def home():
    return version.text

@app.get('/slow')
def slow():
    time.sleep(0.5)
    return version.text
`
const failing = `
@app.before_request
def fail():
    if request.path == '/healthz':
        abort(500)
`

const programs = ['gunicorn', 'python3-flask', 'python3-venv']

describe.skipIf(!sshdIsHere() || !programs.every(isHere))('docs/recipes/flask.md', { shuffle: false }, () => {
  /** Debian's own copies stand in for the index: no host of a test asks the network. */
  const wheels = mkdtempSync(join(tmpdir(), 'clonedeploy-wheels-'))
  beforeAll(() => {
    execFileSync('/usr/bin/python3', [join(import.meta.dirname, 'wheels.py'), wheels, ...packages])
  })
  afterAll(() => rmSync(wheels, { recursive: true }))

  walk({
    name: 'flask',
    programs,
    units: ['shop.socket'],
    shared: { '.env': 'SECRET_KEY=a\n' },
    environment: () => ['PIP_NO_INDEX=1', `PIP_FIND_LINKS=${wheels}`],
    app: (version, { 'app.py': app }) => ({
      'app.py': app + users,
      'version.py': `text = '${version}'\n`,
      'requirements.txt': `${packages.join('\n')}\n`,
    }),
    broken: ({ 'app.py': app }) => ({ 'app.py': app + users + failing }),
    refused: { files: { 'version.py': 'import nowhere\n' }, says: /No module named 'nowhere'/ },
    writes: ['__pycache__', '.venv/bin/gunicorn'],
    seamless: true,
    paths: ['/slow'],
  })
})

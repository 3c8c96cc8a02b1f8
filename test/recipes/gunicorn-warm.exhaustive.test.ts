import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { isHere } from '../support/installed.js'
import { sshdIsHere } from '../support/sshd.js'
import { nginx, onWebServer } from './php-host.js'
import { ask } from './traffic.js'
import { walk } from './walk.js'

const users = `
import time
import version

@app.get('/')
def home():
    return version.text

@app.get('/slow')
def slow():
    time.sleep(0.5)
    return version.text
`

const programs = ['nginx', 'curl', 'gunicorn', 'python3-flask']

describe.skipIf(!sshdIsHere() || !programs.every(isHere))('docs/recipes/gunicorn-warm.md', { shuffle: false }, () => {
  const scene = walk({
    name: 'gunicorn-warm',
    programs,
    packaged: nginx,
    units: ['nginx'],
    rewrite: onWebServer,
    app: (version, { 'app.py': app }) => ({ 'app.py': app + users, 'version.py': `text = '${version}'\n` }),
    broken: ({ 'app.py': app = '' }) => ({ 'app.py': app.replace('return revision', "return 'bad', 500") + users }),
    refused: { files: { 'version.py': 'import nowhere\n' }, says: /No module named 'nowhere'/ },
    writes: ['__pycache__'],
    seamless: true,
    warm: true,
    paths: ['/slow'],
  })

  it('starts at boot what current names', async () => {
    const [{ machine, port, deployTo }] = scene.hosts as [(typeof scene.hosts)[number]]
    machine.stop()
    rmSync(join(deployTo, 'current/app.sock'), { force: true })
    machine.systemctl('start', 'nginx')
    await vi.waitFor(async () => expect((await ask(`http://127.0.0.1:${port}/`)).status).toBe(502), 300_000)
    machine.systemctl('start', 'shop')
    await vi.waitFor(async () => expect((await ask(`http://127.0.0.1:${port}/`)).body).toBe('one'), 300_000)
  })
})

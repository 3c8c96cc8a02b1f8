import { describe, expect, it } from 'vitest'
import { sshdIsHere } from '../support/sshd.js'
import type { Files } from './recipe.js'
import { freshApp } from './registry.js'
import { ask } from './traffic.js'
import { walk } from './walk.js'

/** The last of these that run on Node 20. They need each other's very version, and the registry takes them one by one. */
const version = '7.18.4'
const packages = ['react-router', '@react-router/node', '@react-router/serve'].map(name => `${name}@${version}`)

const app: Files = {
  'vite.config.js': `import { reactRouter } from '@react-router/dev/vite'
export default { plugins: [reactRouter()] }
`,
  'app/root.jsx': `import { Outlet, Scripts } from 'react-router'
export default () => <html lang="en"><body><Outlet /><Scripts /></body></html>
`,
  'app/routes.js': `export default [{ file: 'home.js', index: true }, { file: 'item.jsx', path: 'item' }]
`,
  '.gitignore': 'node_modules/\nbuild/\n.react-router/\n',
}

const home = (text: string, status = 200) => `export const loader = () => new Response('${text}', { status: ${status} })
`
const item = (text: string) => `import { useState } from 'react'
export default function Item() { return <main>{useState('${text}')[0]}</main> }
`

/** It installs and builds three times. */
const options = { shuffle: false, timeout: 1_200_000 }

describe.skipIf(!sshdIsHere())('docs/recipes/react-router.md, with packages of React Router 7', options, () => {
  const { files } = freshApp(
    'mkdir shop; cd shop; npm init --yes; npm pkg set type=module scripts.build="react-router build"',
    `npm install react@19 react-dom@19 isbot@5 ${packages.join(' ')}`,
    `npm install --save-dev vite@7 @react-router/dev@${version}`,
  )
  const scene = walk({
    name: 'react-router',
    programs: [],
    app: shown => ({ ...files(), ...app, 'app/home.js': home(shown), 'app/item.jsx': item(shown) }),
    broken: () => ({ 'app/home.js': home('bad', 500) }),
    writes: [],
    seamless: false,
  })

  it('serves on each host a page, and what any other host says that it needs', async () => {
    const [first, second] = scene.hosts.map(({ port }) => `http://127.0.0.1:${port}`)
    const { body } = await ask(`${first}/item`)
    expect(body).toContain('<main>one</main>')
    const needs = [...body.matchAll(/href="(\/assets\/[^"]+)"/g)].map(([, path]) => path)
    expect(needs).toContainEqual(expect.stringMatching(/item-.*\.js/))
    for (const path of needs) expect([path, (await ask(`${second}${path}`)).status]).toEqual([path, 200])
  })
})

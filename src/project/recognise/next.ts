import { buildOf } from './node-build.js'
import { type Folder, port3000, type Recognised, unit } from './recognised.js'

const configs = ['next.config.ts', 'next.config.mjs', 'next.config.js', 'next.config.cjs']

/**
 * What Next writes while it serves: images and fetched data in its cache, and the pages that it makes anew, each in place
 * of the one of the build.
 */
const writable = [
  '.next/cache',
  '.next/server/route-cache',
  ...['html', 'rsc', 'meta', 'body', 'segments'].map(end => `.next/server/app/**/*.${end}`),
  ...['html', 'json'].map(end => `.next/server/pages/**/*.${end}`),
]

/** Next: by `next start`, by its standalone server, or as files for any web server. */
export function recogniseNext(folder: Folder): Recognised | null {
  const project = folder.package
  if (!project?.dependencies.has('next')) return null
  const config = configs.find(folder.has)
  const output = /^\s*output:\s*['"`](standalone|export)['"`]/m.exec(
    config === undefined ? '' : folder.text(config),
  )?.[1]
  const known = { recipe: 'next', restart: unit, health: port3000 }
  if (output === 'export')
    return {
      kind: 'Next.js, exported',
      recipe: 'next',
      config: { build: buildOf(project, false), include: ['out'] },
      restart: null,
    }
  if (output === 'standalone') {
    // Beside server.js, which lies as deep as the app in its workspace.
    const at = folder.within === '' ? '' : `${folder.within}/`
    const files = folder.has('public') ? [`cp -R public .next/standalone/${at}`] : []
    return {
      ...known,
      kind: 'Next.js, standalone',
      recipe: 'next-standalone',
      config: {
        build: [...buildOf(project, false), ...files, `cp -R .next/static .next/standalone/${at}.next/`],
        root: '.next/standalone',
        writable: writable.map(path => `${at}${path}`),
      },
    }
  }
  const own = ['public', ...(config === undefined ? [] : [config])].filter(folder.has)
  return {
    ...known,
    kind: 'Next.js',
    packages: true,
    config: {
      build: buildOf(project, true),
      include: ['.next', '!.next/cache', ...own, 'node_modules', 'package.json'],
      writable,
    },
  }
}

import type { Package } from '../package.js'
import { buildOf, serverFiles } from './node-build.js'
import { type Folder, port3000, type Recognised, unit } from './recognised.js'

interface Tool {
  readonly packages: readonly string[]
  readonly kind: string
  /** What its build leaves: what a web server serves, or a process of its own. */
  readonly output: string
  /** Whether a process serves it; else only where a start script is. */
  readonly serves?: (folder: Folder, project: Package) => boolean
  /** Its output needs no node_modules. */
  readonly whole?: boolean
  readonly recipe?: string
  readonly health?: string
}

const uses =
  (name: string) =>
  (_: Folder, { dependencies }: Package) =>
    dependencies.has(name)

const withoutServer = /\bssr:\s*false\b/

const tools: readonly Tool[] = [
  {
    packages: ['@react-router/dev'],
    kind: 'React Router',
    output: 'build',
    serves: ({ text }) => !withoutServer.test(text('react-router.config.ts') + text('react-router.config.js')),
    recipe: 'react-router',
    health: port3000,
  },
  {
    packages: ['@remix-run/dev', '@remix-run/serve'],
    kind: 'Remix',
    output: 'build',
    serves: ({ text }) => !withoutServer.test(text('vite.config.ts') + text('vite.config.js')),
    recipe: 'react-router',
    health: port3000,
  },
  { packages: ['nuxt'], kind: 'Nuxt', output: '.output', serves: () => true, whole: true, health: port3000 },
  { packages: ['astro'], kind: 'Astro', output: 'dist', serves: uses('@astrojs/node') },
  {
    packages: ['@sveltejs/kit'],
    kind: 'SvelteKit',
    output: 'build',
    serves: uses('@sveltejs/adapter-node'),
    health: port3000,
  },
  { packages: ['@docusaurus/core'], kind: 'Docusaurus', output: 'build', serves: () => false },
  { packages: ['react-scripts'], kind: 'Create React App', output: 'build', serves: () => false },
  { packages: ['gatsby'], kind: 'Gatsby', output: 'public', serves: () => false },
  { packages: ['@11ty/eleventy'], kind: 'Eleventy', output: '_site', serves: () => false },
  { packages: ['@nestjs/core'], kind: 'NestJS', output: 'dist', serves: () => true },
  { packages: ['vite'], kind: 'Vite', output: 'dist' },
  { packages: ['tsup'], kind: 'Node', output: 'dist' },
]

/** A project whose package.json has a build, or something to start. */
export function recogniseNode(folder: Folder): Recognised | null {
  const project = folder.package
  if (project === null) return null
  const tool = tools.find(({ packages }) => packages.some(name => project.dependencies.has(name)))
  const starts = project.scripts.has('start')
  const serves = tool?.serves?.(folder, project) ?? starts
  const output = project.scripts.has('build') ? (tool?.output ?? outputOf(folder, project)) : null
  if (tool === undefined && !starts && output === null) return null
  const { kind, recipe } = tool ?? { kind: serves ? 'Node' : 'a build by package.json', recipe: undefined }
  return {
    kind,
    recipe: recipe ?? (serves ? 'node-systemd' : 'static-site'),
    config:
      serves && !tool?.whole ? serverOf(folder, project, output) : filesOf(project, outputWithin(tool, output, serves)),
    packages: serves && !tool?.whole && project.needs.production,
    restart: serves ? unit : null,
    ...(serves && tool?.health !== undefined ? { health: tool.health } : {}),
  }
}

function serverOf(folder: Folder, project: Package, output: string | null): Recognised['config'] {
  const extra = ['public'].filter(path => output !== null && output !== path && folder.has(path))
  return {
    build: buildOf(project, true),
    include: output === null ? [] : [output, ...extra, ...serverFiles(folder, project, output)],
  }
}

function filesOf(project: Package, output: string | null): Recognised['config'] {
  return { build: buildOf(project, false), include: output === null ? [] : [output] }
}

/** Of an app whose server is switched off, only what browsers get. */
function outputWithin(tool: Tool | undefined, output: string | null, serves: boolean): string | null {
  return tool?.recipe === 'react-router' && !serves ? 'build/client' : output
}

/** Where the build leaves its result: as `main` says, or where it is from the last time. */
function outputOf({ has }: Folder, { main }: Package): string | null {
  const built = /^(?:\.\/)?(dist|build|lib|out)\//.exec(main ?? '')?.[1]
  return built ?? ['dist', 'build', 'out'].find(has) ?? null
}

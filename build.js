import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { build } from 'esbuild'

// The program starts in two thirds of the time when it is not loaded from four hundred files. A package with parts that
// it chooses when it runs stays by itself; so does what ssh2 compiled when it was installed, where it could.
const external = ['jiti', 'ssh2']

/** All of ssh2 that is JavaScript is in the bundle: its many files, and those of node-ssh, load more slowly. */
const ssh2 = {
  name: 'ssh2',
  setup({ onResolve }) {
    onResolve({ filter: /^ssh2$/ }, () => ({ path: createRequire(import.meta.url).resolve('ssh2') }))
    onResolve({ filter: /\/sshcrypto\.node$/ }, ({ path }) => ({
      path: join('ssh2/lib/protocol', path),
      external: true,
    }))
    // What it asks about the processor, and may do without.
    onResolve({ filter: /^cpu-features$/ }, ({ path }) => ({ path, external: true }))
  },
}

rmSync('dist', { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: {
    'cache-folder': 'src/cache-folder.ts',
    cli: 'src/cli.ts',
    index: 'src/index.ts',
    main: 'src/cli/main.ts',
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20.12',
  format: 'esm',
  external,
  plugins: [ssh2],
  metafile: true,
  // What was written as CommonJS asks for Node's own modules by `require`, and where it lies.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url), __dirname = import.meta.dirname, __filename = import.meta.filename;",
  },
})
writeFileSync('dist/licenses.txt', packagesOf(metafile).map(terms).join('\n'))

/** The folders of the packages that are in the bundle. */
function packagesOf({ outputs }) {
  const files = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs))
  return [...new Set(files.flatMap(file => file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []))].sort()
}

/** Whose code it is, and on what terms it is here. */
function terms(folder) {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const { name, version, license = about.licenses.map(({ type }) => type).join(' or ') } = about
  const files = readdirSync(folder).filter(file => /^licen[cs]e/i.test(file))
  return [
    `${name} ${version} (${license})`,
    ...files.map(file => readFileSync(join(folder, file), 'utf8').trim()),
    '',
  ].join('\n\n')
}

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

// The program starts in two thirds of the time when it is not loaded from four hundred files. A package with parts that
// it chooses when it runs stays by itself: ssh2 builds native code where it can.
const external = ['ssh2', 'node-ssh', 'jiti']

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
  metafile: true,
  // What was written as CommonJS asks for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
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
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder).filter(file => /^licen[cs]e/i.test(file))
  return [
    `${name} ${version} (${license})`,
    ...files.map(file => readFileSync(join(folder, file), 'utf8').trim()),
    '',
  ].join('\n\n')
}

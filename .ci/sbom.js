// Prints the software bill of materials of the package, as CycloneDX: what npm installs with it, and what its bundle
// carries. Reads `dist/`, so build first.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const said = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx'], { cwd: root, maxBuffer: 2 ** 26 })
const { metadata, components, dependencies, ...rest } = JSON.parse(said)
const licenses = readFileSync(join(root, 'dist/licenses.txt'), 'utf8')
const bundled = [...licenses.matchAll(/^(\S+) (\d+\.\d+\.\d+\S*) \(/gm)].map(([, of, version]) => `${of}@${version}`)
const known = new Set(components.map(one => one['bom-ref']))
const unknown = bundled.filter(ref => !known.has(ref))
if (unknown.length > 0) throw new Error(`npm does not know what is in the bundle: ${unknown.join(', ')}`)

const isDevelopment = property => property.name === 'cdx:npm:package:development'
const shipped = components.filter(one => bundled.includes(one['bom-ref']) || !one.properties.some(isDevelopment))
const refs = new Set([metadata.component['bom-ref'], ...shipped.map(one => one['bom-ref'])])
const bill = {
  ...rest,
  metadata: { ...metadata, component: { ...metadata.component, name } },
  components: shipped.map(one => ({ ...one, properties: one.properties.filter(property => !isDevelopment(property)) })),
  dependencies: dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(one => refs.has(one)) })),
}
process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`)

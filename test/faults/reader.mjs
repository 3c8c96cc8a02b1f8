// Reads what every host serves, over and over, as a web server would: `node reader.mjs FOLDER…`. Prints a line for each time
// that `current` was not there although it had been, or led to a release of which a part was missing or from another one.
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

const folders = process.argv.slice(2)
const files = ['version', 'one.txt', 'two/three.txt']
const seen = new Set()
let reads = 0
let wanted = true
process.stdin
  .on('data', () => {})
  .on('end', () => {
    wanted = false
  })
process.stdout.write('reading\n')
while (wanted) {
  for (const folder of folders) look(folder)
  await new Promise(resolve => setTimeout(resolve, 1))
}
process.stdout.write(`${reads} reads\n`)

function look(folder) {
  try {
    const target = readlinkSync(join(folder, 'current'))
    seen.add(folder)
    const versions = new Set(files.map(file => readFileSync(join(folder, target, file), 'utf8').split(' ')[0]))
    if (versions.size !== 1 || versions.has(''))
      process.stdout.write(`${folder}: ${target} is torn: ${[...versions]}\n`)
    reads += 1
  } catch (error) {
    if (seen.has(folder)) process.stdout.write(`${folder}: ${error.message}\n`)
  }
}

// Reads what every host serves, over and over, as a web server would: `node reader.mjs FOLDER…`. Prints a line when
// `current` was not there although it had been, or led to a release of which a part was missing or from another one.
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

const folders = process.argv.slice(2)
const files = ['version', 'one.txt', 'two/three.txt']
const seen = new Set()
const told = new Set()
const tell = text => {
  if (!told.has(text)) process.stdout.write(`${text}\n`)
  told.add(text)
}
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
    if (versions.size !== 1 || versions.has('')) tell(`${folder}: ${target} is torn: ${[...versions]}`)
    reads += 1
  } catch (error) {
    if (seen.has(folder)) tell(`${folder}: ${error.message}`)
  }
}

import { describe } from 'vitest'
import { sshdIsHere } from '../support/sshd.js'
import { nextApp, options } from './next-app.js'
import { walk } from './walk.js'

describe.skipIf(!sshdIsHere())('docs/recipes/next-standalone.md, with a fresh app of Next 15', options, () => {
  const config = "export default {\n  output: 'standalone',\n}\n"
  walk(nextApp('next-standalone', '15', config))
})

import { describe } from 'vitest'
import { sshdIsHere } from '../support/sshd.js'
import { nextApp, options } from './next-app.js'
import { walk } from './walk.js'

describe.skipIf(!sshdIsHere())('docs/recipes/next.md, with a fresh app of the latest Next', options, () => {
  walk(nextApp('next', 'latest', 'export default {}\n'))
})

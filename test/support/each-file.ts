import { afterAll } from 'vitest'
import { cleanUp } from './file-end.js'

// Vitest runs this again for every test file.
afterAll(cleanUp)

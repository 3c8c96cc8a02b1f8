import { setUp } from './file-end.js'

setUp()

import { walkRack } from './rack-warm.js'

walkRack('puma-warm', 'puma')

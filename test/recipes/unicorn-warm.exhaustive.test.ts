import { walkRack } from './rack-warm.js'

walkRack('unicorn-warm', 'unicorn')

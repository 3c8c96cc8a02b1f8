#!/usr/bin/env node
import module from 'node:module'
import { isAbsolute, join } from 'node:path'

// Later Nodes can keep what they compiled, which is a tenth of a start; not in the temp folder, where others could plant code.
const { XDG_CACHE_HOME = '', HOME = '' } = process.env
const cache = [XDG_CACHE_HOME, join(HOME, '.cache')].find(isAbsolute)
if (cache) module.enableCompileCache?.(join(cache, 'clonedeploy'))
await import('../dist/cli.js')

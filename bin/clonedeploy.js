#!/usr/bin/env node
import module from 'node:module'
import { cacheFolder } from '../dist/cache-folder.js'

// Later Nodes can keep what they compiled, which is a tenth of a start.
if (cacheFolder) module.enableCompileCache?.(cacheFolder)
await import('../dist/cli.js')

// Loaded into the program by `node --import`: writes the most memory that it took, in kB, to the file CLONEDEPLOY_MEMORY.
import { writeFileSync } from 'node:fs'

process.on('exit', () => writeFileSync(process.env.CLONEDEPLOY_MEMORY, String(process.resourceUsage().maxRSS)))

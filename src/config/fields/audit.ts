import * as z from 'zod'
import { closed } from '../unknown-key.js'
import { hostPath } from './path.js'

/** What an audit passes over, and where it looks for sessions. */
export const audit = closed({ ignore: z.array(hostPath).optional(), sessions: z.array(hostPath).optional() })

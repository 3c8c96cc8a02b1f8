import * as z from 'zod'
import { portProblem } from '../../inventory/parse.js'

export const port = z.int().check(context => {
  const message = portProblem(context.value)
  if (message !== null) context.issues.push({ code: 'custom', input: context.value, message })
})

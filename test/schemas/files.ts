import * as z from 'zod'
import { event } from './events.js'
import { outputs } from './outputs.js'

/** The schemas of what the program prints, by their files: the stream's, and one of each command. */
export const schemaFiles: Readonly<Record<string, () => string>> = {
  'schema/events.json': () => schemaText('A line of clonedeploy --output jsonl', event),
  ...Object.fromEntries(
    Object.entries(outputs).map(([name, schema]) => [
      `schema/output/${name}.json`,
      () => schemaText(`What clonedeploy ${name} --json prints`, schema),
    ]),
  ),
}

function schemaText(title: string, schema: z.ZodType): string {
  return `${JSON.stringify({ title, ...z.toJSONSchema(schema) }, null, 2)}\n`
}

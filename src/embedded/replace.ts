import { randomBytes } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'

/** Writes a file whole: another run that reads or writes it at the same time has the old text or a new one, never half. */
export async function replace(file: string, text: string, mode = 0o600): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(temporary, text, { mode })
  await rename(temporary, file)
}

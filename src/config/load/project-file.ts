import { existsSync, realpathSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'

/** A file that a config consists of. */
export interface ProjectFile {
  readonly text: string
  /**
   * Whether it lies in the project, so that its lines may be shown. A config may come from anybody (a pull request, say), and
   * a link or a path in it may lead to a file that they may not read, but we can: secrets, our own environment.
   */
  readonly ours: boolean
}

const longest = 8 << 20

/** Reads a file, `root` being the folder of the config. Rejects also for what is no file, or too long for a config. */
export async function readProjectFile(path: string, root: string): Promise<ProjectFile> {
  const handle = await open(path, 'r')
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw new Error(`${path} is no file`)
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(longest + 1), 0, longest + 1, 0)
    if (bytesRead > longest) throw new Error(`${path} is longer than 8 MB`)
    return { text: buffer.toString('utf8', 0, bytesRead), ours: isOurs(path, root) }
  } finally {
    await handle.close()
  }
}

/** Where the links on the way lead counts; `root` is the folder of the config. */
export function isOurs(path: string, root: string): boolean {
  const folder = realpathSync(root)
  return realpathSync(path).startsWith(withSlash(topOf(folder) ?? folder))
}

/** The folder of the git repository that holds the config. */
function topOf(folder: string): string | null {
  if (existsSync(join(folder, '.git'))) return folder
  return dirname(folder) === folder ? null : topOf(dirname(folder))
}

function withSlash(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep
}

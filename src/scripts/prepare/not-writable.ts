import { writableExpression } from '../../release/shared.js'
import { type ShellText, sh } from '../shell/shell.js'

/** The end of a pipe that passes on what the app may not write: paths, lines of a manifest, or records of a sheet. */
export function sealed(kind: 'paths' | 'lines' | 'sheet', writable: readonly string[]): ShellText {
  const paths = writableExpression(writable)
  if (paths === null) return sh``
  switch (kind) {
    case 'paths':
      return sh` | grep -Ev ${`^${paths}$`}`
    case 'lines':
      return sh` | grep -Ev ${`^(f [0-7]+ [0-9]+ [0-9a-f]+ |d |l .*//)${paths}$`}`
    case 'sheet':
      return sh` | grep -zEv ${`^(([0-9]+ ){3}-?[0-9.]+ )?${paths}/?$`}`
  }
}

import { writableExpression } from '../../release/shared.js'
import { type ShellText, sh } from '../shell/shell.js'

/** `sealed paths|lines|sheet` passes on what the app may not write: paths, lines of a manifest, or records of a sheet. */
export function sealedFunction(writable: readonly string[]): ShellText {
  const paths = writableExpression(writable)
  if (paths === null) return sh`sealed() { cat; }`
  return sh`sealed() {
  case $1 in
    paths) grep -Ev ${`^${paths}$`} ;;
    lines) grep -Ev ${`^(f [0-7]+ [0-9]+ [0-9a-f]+ |d |l .*//)${paths}$`} ;;
    sheet) grep -zEv ${`^(([0-9]+ ){3}-?[0-9.]+ )?${paths}/?$`} ;;
  esac
}`
}

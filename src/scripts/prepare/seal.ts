import { paths, releaseName } from '../../release/paths.js'
import { codes } from '../shell/codes.js'
import { type Claim, fenced } from '../shell/fence.js'
import { crowdedFunction, flushAll } from '../shell/flush.js'
import { type Script, type ShellText, script, sh } from '../shell/shell.js'
import { treeFunctions } from '../shell/tree.js'
import { sealed } from './not-writable.js'

interface Sealing {
  readonly release: string
  /** What is known of the release, and how it is started and asked: JSON texts of one line. */
  readonly record: string
  readonly run: string
  /** Whether hooks changed its tree, so that it has to be read to know what it is. */
  readonly hooked: boolean
  /** What the app may write: it is not sealed. */
  readonly writable?: readonly string[]
}

/** Ends the making of a release: the list of what is in it (when hooks changed that) and its digest, flushed to disk, and its records. Prints `tree DIGEST`. */
export function seal(claim: Claim, { release, record, run, hooked, writable = [] }: Sealing): Script {
  return script('seal', [
    fenced(claim),
    sh`umask 077; new=$X/${releaseName(release)}`,
    hooked ? sealTree(release, writable) : sh`t=`,
    sh`printf '%s\n' ${run} >"$new.run" && printf '%s\n%s\n' ${record} "$t" >"$new.seal" || exit ${codes.unpack}`,
    flushRelease(release),
    sh`mv -f "$new.run" "$new.seal" ${paths.manifests}/`,
  ])
}

/** Where what did not arrive is linked, it was flushed when its own release was sealed: what was made here is in folders and in files that are no links. */
function flushRelease(release: string): ShellText {
  const manifest = paths.manifest(release)
  const records = [manifest, paths.sealed(release), paths.sheet(release), paths.manifests, paths.releases]
  return sh`${crowdedFunction}
n=; [ ! -e "$X/linked" ] || read -r n <"$X/linked"
[ -n "$n" ] && crowded "$n" &&
find ${paths.release(release)} \( -type d -o -type f ! -links +1 \) -exec sync "$new.run" "$new.seal" ${records} {} + 2>/dev/null || ${flushAll}`
}

/** The sheet comes first: what is written while the tree is read shows later. */
function sealTree(release: string, writable: readonly string[]): ShellText {
  return sh`${treeFunctions}
m=$PWD/${paths.manifest(release)}; x=$PWD/$X; b=$(newline "$m")
{ sheet ${paths.release(release)}${sealed('sheet', writable)} >"$x/sheet"; } 2>/dev/null
quick
( cd -- ${paths.release(release)} && { sed 1q "$m"; lines all${sealed('lines', writable)}; } | sort >"$x/sealed" ) &&
t=$(sha256sum <"$x/sealed") && t=\${t%% *} && mv -f "$x/sheet" "$m.sheet" && mv -f "$x/sealed" "$m.sealed" || exit ${codes.unpack}
echo "tree $t"`
}

import { paths, releaseName, sharedTarget } from '../../release/paths.js'
import { codes } from '../shell/codes.js'
import { type Claim, fenced } from '../shell/fence.js'
import { type Script, type ShellText, script, sh } from '../shell/shell.js'
import { treeFunctions } from '../shell/tree.js'
import { type Arrival, many, wholeArrived } from './check-arrival.js'
import { type Download, download, downloadInput } from './download.js'
import { sealed } from './not-writable.js'
import { dropCopy, type Fetch, fetchCopy, keepCopy } from './relay.js'
import { linkShared } from './shared-links.js'
import { edited, newManifest, type Unpack, withUnchanged } from './unchanged.js'

/** How the payload comes: as the input of the script, kept for others where these shall fetch it here; from a host that has it; or from a store. */
export type Delivery = 'sent' | 'sent and kept' | Fetch | Download

/**
 * Makes `releases/<id>` out of a payload (on stdin) and the unchanged files of a release that is there already: first in
 * incoming/, checked against the manifest, then renamed. What arrived or was copied is read again; what was linked has not
 * been written since it was checked on this very host (see `sheet`). Exit: unpack (the stream or the disk), relay (it could
 * not be fetched), notIntact (what arrived or was copied is not what the manifest says; says what), linkedFileMissing, exists.
 */
export function unpack(claim: Claim, what: Unpack, payload: Arrival, delivery: Delivery = 'sent'): Script {
  const tree = `${paths.incoming(claim.tx)}/tree`
  return script(
    'unpack',
    [
      fenced(claim),
      treeFunctions,
      sh`I=$PWD/${paths.incoming(claim.tx)}; T=$I/tree; own=$I/own/${releaseName(what.release)}; linked=
[ ! -e ${paths.release(what.release)} ] || exit ${codes.exists}
[ ! -e "$I" ] || rm -rf "$I"
umask 077; mkdir -p "$I" || exit ${codes.unpack}
# Thrown away since we began: nobody would sweep after us. Whoever does takes the transaction's folder first.
trap '[ -d "$X" ] && [ ! -e "$X/calledoff" ] || rm -rf "$I"' EXIT
[ -d "$X" ] || exit ${codes.fenced}
umask 022; [ -d ${paths.releases} ] || mkdir -p ${paths.releases} || exit ${codes.unpack}
${comes(delivery, claim.tx)}${payload.zip} -dc | tar -xof - -C ${paths.incoming(claim.tx)} || exit ${codes.unpack}
[ -f "$I/removed" ] && [ -f "$I/added" ] && [ -f "$I/folders" ] && [ -f "$I/edits" ] && [ -d "$I/own" ] && [ -d "$T" ] || exit ${codes.unpack}
${what.base === null ? sh`` : edited(what.base, what.release)}`,
      payload.bytes > many ? sh`quick` : sh``,
      what.base === null ? sh`mv "$I/added" "$own"` : newManifest(what.base),
      sh`[ "$(sha256sum <"$own")" = ${`${what.digest.replace('sha256:', '')}  -`} ] || { echo 'the manifest that arrived is another one'; exit ${codes.notIntact}; }`,
      what.base === null ? wholeArrived(payload) : withUnchanged(what, what.base, payload),
      sh`[ -s "$own.sheet" ] || sheet "$T" >"$own.sheet" 2>/dev/null
printf '%s\n' ${what.revision} >"$T/REVISION" || exit ${codes.unpack}`,
      ...linkShared(tree, what.shared),
      ...(what.touched ?? []).map(file => makeFile(`${tree}/${file}`)),
      sealing(what),
      sh`printf '%s\n' ${what.release} >"$X/made" &&
mv -f "$own" "$own.sheet" "$own.sealed" .clonedeploy/manifests/ &&
mv -- "$T" ${paths.release(what.release)} && rm -rf "$I" || exit ${codes.unpack}
[ -z "$linked" ] || { printf '%s\n' ${payload.unlinked} >"$X/linked"; } 2>/dev/null || :`,
      ...(delivery === 'sent and kept' ? [dropCopy] : []),
    ],
    inputOf(delivery, payload),
  )
}

/** The list of what is sealed unless hooks change it: the manifest, and what we put beside it, which gets onto the sheet too. */
function sealing({ shared, touched = [], writable = [] }: Unpack): ShellText {
  const links = [...shared.dirs, ...shared.files]
  const folders = [...new Set([...links, ...touched].flatMap(foldersTo))]
  return sh`[ ! -s "$own.sheet" ] || {
  ( cd "$T" && find ${['REVISION', ...links].map(path => `./${path}`)} -maxdepth 0 -printf '%m %s %i %T@ %p\0' ) |
    sed -z 's, \./, ,' | sort -z "$own.sheet" -${sealed('sheet', writable)} >"$I/sheet" && mv "$I/sheet" "$own.sheet"
} 2>/dev/null || : >"$own.sheet"
m=$(stat -c '%a %s' "$T/REVISION") && s=$(sha256sum <"$T/REVISION") && ( cd "$T" && {
  printf '%s\n' "f $m \${s%% *} REVISION" ${links.map(path => `l ${sharedTarget(path)}//${path}`)}
  ${folders.length === 0 ? sh`` : sh`for d in ${folders}; do [ ! -d "./$d" ] || [ -L "./$d" ] || printf 'd %s\n' "$d"; done`}
} | sort -u "$own" -${sealed('lines', writable)} >"$own.sealed" ) || exit ${codes.unpack}`
}

function foldersTo(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'))
}

/** What the payload comes through before it is unpacked. */
function comes(delivery: Delivery, tx: string): ShellText {
  if (delivery === 'sent') return sh``
  if (delivery === 'sent and kept') return sh`${keepCopy} | `
  return sh`${'seed' in delivery ? fetchCopy(delivery, tx) : download(delivery)}tail -c ${delivery.size} "$I/payload" | `
}

function inputOf(delivery: Delivery, payload: Arrival): Uint8Array {
  if (typeof delivery === 'string') return payload.data
  return 'seed' in delivery ? delivery.key : downloadInput(delivery)
}

function makeFile(path: string): ShellText {
  return sh`[ -e ${path} ] || { mkdir -p -- ${path.slice(0, path.lastIndexOf('/'))} && : >${path}; } || exit ${codes.unpack}`
}

import { touchStamp } from '../../release/id.js'
import { paths } from '../../release/paths.js'
import { sealed } from '../prepare/not-writable.js'
import { codes } from '../shell/codes.js'
import { type Claim, enter, fenced } from '../shell/fence.js'
import { exactly } from '../shell/script-chain.js'
import { type Script, script, sh } from '../shell/shell.js'
import { treeFunctions } from '../shell/tree.js'

/**
 * When the files of a release were last written, by a time in seconds since 1970. Names are latin1 strings, as in a manifest.
 * Equal on all clones, so that what they say of a file over HTTP (Last-Modified, ETag) is the same everywhere.
 */
export type Dates = ReadonlyMap<number, readonly string[]>

/** Prints the time of every file of a release, in the order of its manifest, gzipped. Changes nothing. Exit: releaseMissing. */
export function readDates(root: string, release: string): Script {
  return script('read dates', [
    enter(root),
    treeFunctions,
    sh`m=$PWD/${paths.manifest(release)}
[ -f "$m" ] && cd -- ${paths.release(release)} || exit ${codes.releaseMissing}
names f "$m" | xargs -0 -r stat -c %Y -- | gzip -c`,
  ])
}

/** Gives the files of a release that was just unpacked the times that they have on the other hosts. */
export function setDates(claim: Claim, release: string, dates: Dates, writable: readonly string[] = []): Script {
  const lists = [...dates].map(([time, names]) => ({ time, list: Buffer.from(names.join('\0'), 'latin1') }))
  return script(
    'dates',
    [
      fenced(claim),
      treeFunctions,
      sh`cd -- ${paths.release(release)} || exit ${codes.releaseMissing}`,
      ...lists.map(
        ({ time, list }) =>
          sh`${exactly(list.length)} | TZ=UTC0 xargs -0 touch -t ${touchStamp(time)} -- || exit ${codes.unpack}`,
      ),
      sh`cd "$OLDPWD" && { sheet ${paths.release(release)}${sealed('sheet', writable)} >"$X/sheet"; } 2>/dev/null
mv -f "$X/sheet" ${paths.sheet(release)} || exit ${codes.unpack}`,
    ],
    lists.map(({ list }) => list),
  )
}

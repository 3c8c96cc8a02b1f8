import type { Place } from '../support/sshd.js'
import type { Kind } from './kind.js'

/** Variables that change what the usual tools do and print. */
const meddling = [
  ...['LS_COLORS=x', 'CLICOLOR_FORCE=1', 'TERM=xterm-256color', 'COLUMNS=20', 'TIME_STYLE=full-iso', 'QUOTING_STYLE=c'],
  ...['BLOCK_SIZE=human-readable', 'BLOCKSIZE=1M', 'DF_BLOCK_SIZE=1G', 'LS_BLOCK_SIZE=1M', 'POSIX_ME_HARDER=1'],
  ...['GREP_OPTIONS=-v', 'GREP_COLORS=x', 'GZIP=-v', 'TAR_OPTIONS=-v', 'ZSTD_CLEVEL=19', 'CDPATH=/usr', 'PS4=x'],
]

/** All programs of this machine but these. */
const without = (...names: readonly string[]) => ({
  world: (at: Place) => [
    `mkdir '${at.folder}/bin'; ln -s /usr/bin/* '${at.folder}/bin'`,
    ...names.map(name => `rm -f '${at.folder}/bin/${name}'`),
  ],
  sshd: (at: Place) => [`ForceCommand PATH='${at.folder}/bin' exec sh -c "$SSH_ORIGINAL_COMMAND"`],
})
/** Its `sh` is bash, as on Red Hat's. */
const shIsBash = ['mount --bind /bin/bash "$(readlink -f /bin/sh)"']

const turkish = {
  world: (at: Place) => [`localedef -i tr_TR -f UTF-8 '${at.folder}/tr_TR.UTF-8'`],
  sshd: (at: Place) => [`ForceCommand LOCPATH='${at.folder}' LC_ALL=tr_TR.UTF-8 exec sh -c "$SSH_ORIGINAL_COMMAND"`],
}
/** What toybox has comes from it. */
const toybox = {
  ...without(),
  world: (at: Place) => [
    ...without().world(at),
    `for n in $(toybox); do ln -sf /usr/bin/toybox '${at.folder}/bin/'"$n"; done`,
  ],
}
const has = (environment: readonly string[]) => ({ environment })

/** What its programs find around them, and which there are. */
export const surroundings: readonly Kind[] = [
  { name: 'locale-posix', ...has(['LC_ALL=POSIX']) },
  { name: 'locale-not-installed', ...has(['LANG=xx_XX.UTF-8', 'LC_ALL=xx_XX.UTF-8']) },
  { name: 'time-zone', ...has(['TZ=Pacific/Chatham']) },
  { name: 'time-zone-of-none', ...has(['TZ=Moon/Crater+99']) },
  { name: 'posixly-correct', ...has(['POSIXLY_CORRECT=1']) },
  { name: 'meddling-variables', ...has(meddling) },
  { name: 'shell-variables', ...has(['ENV=/nowhere', 'BASH_ENV=/nowhere', 'IFS=x', 'OPTIND=9']) },
  { name: 'sh-is-bash', world: () => shIsBash, ...has(['SHELLOPTS=noclobber:nounset']) },
  { name: 'idle-logout', world: () => shIsBash, ...has(['TMOUT=1']) },
  { name: 'no-home-variable', sshd: () => ['ForceCommand env -u HOME sh -c "$SSH_ORIGINAL_COMMAND"'] },
  { name: 'locale-turkish', needs: 'locale-gen', ...turkish },
  { name: 'toybox', needs: 'toybox', ...toybox },
  { name: 'no-tar', ...without('tar'), refused: ['tar', 'install'] },
  { name: 'no-gzip', ...without('gzip'), refused: ['gzip', 'install'] },
  { name: 'no-sha256sum', ...without('sha256sum'), refused: ['sha256sum', 'install'] },
  {
    name: 'fewest-tools',
    ...without('timeout', 'setsid', 'zstd', 'ps', 'id', 'hostname', 'whoami', 'awk', 'perl', 'python3'),
  },
]

import { sealed } from '../prepare/not-writable.js'
import { enter } from '../shell/fence.js'
import { type Script, type ShellText, script, sh, whole } from '../shell/shell.js'
import { treeFunctions } from '../shell/tree.js'
import { eachLiving } from './processes.js'

export interface AuditAsk {
  /** Patterns of paths, as in a release, that are not looked for: what the app may write there, and what is known. */
  readonly writable: readonly string[]
  readonly ignore: readonly string[]
  /** Folders of session files beside the usual ones: absolute, or as in a release. */
  readonly sessions: readonly string[]
}

/** A file that a host may keep for itself. */
export interface AuditFile {
  /** `release`: it came after the seal; `open`: a process writes it. */
  readonly evidence: 'release' | 'shared' | 'session' | 'open'
  /** Below deployTo, or absolute. */
  readonly path: string
  readonly size: number
  /** Seconds since 1970. */
  readonly modified: number
  readonly owner: string
  /** The hash of a file of shared/: of all of it, or of its two ends where it is big; null: it could not be read. */
  readonly sum: string | null
  /** The name and id of the program that writes it. */
  readonly process: string | null
}

export interface Audited {
  readonly files: readonly AuditFile[]
  /** Lists that were too long: of what lies behind the last path, nothing is known. */
  readonly cut: readonly AuditFile['evidence'][]
  /** What the login may not read. */
  readonly unread: readonly string[]
  /** Of the usual folders of sessions, those that it may not read. */
  readonly private: readonly string[]
  /** Releases of which nobody knows what was sealed. */
  readonly unsealed: readonly string[]
}

/** Files that a host lists of a release, of shared/ and of each folder of sessions. */
export const mostFiles = 5000
/** Files open for writing that it lists. */
const mostOpen = 1000

/** Where PHP, Django and their like keep sessions unless they are told otherwise. */
export interface UsualPlaces {
  readonly temporary: string
  readonly php: readonly string[]
  /** Below it lie the php.ini files. */
  readonly settings: string
}

const ofDistributions: UsualPlaces = {
  temporary: '/tmp',
  php: ['/var/lib/php/sessions', '/var/lib/php/session', '/var/lib/php5'],
  settings: '/etc',
}
const usual = ['storage/framework/sessions', 'var/sessions', 'tmp/sessions', 'sessions']

/**
 * Lists what may be data of users: `f// WHERE SIZE TIME OWNER PATH` of files (WHERE: `shared`, `session`, or the release that has
 * it since its seal), `s// HASH  PATH` of those in shared/, `o// PID SIZE TIME OWNER PATH` of those that are open for writing. No
 * path has `//` in it, so that no name begins a line of its own. Changes nothing.
 */
export function audit(root: string, { writable, ignore, sessions }: AuditAsk, places = ofDistributions): Script {
  return script('audit', [
    enter(root),
    treeFunctions,
    sh`{
h=$(pwd -P); H=$(cd -P -- "\${HOME:-/}" 2>/dev/null && pwd -P); [ "\${H:-/}" != / ] || H=$h
printf 'here// %s\n' "$h"
back() { sed ${mostFiles + 1}q | tr "\\012\\$b" '\000\012'; }
shown() { back | xargs -0 -r stat -c "f// $1 %s %Y %U %n" --; }
# The byte that stands for a newline: none of the names has it.
spare() {
  u=$(find "$@" -print0 | tr -dc '\001-\010\013-\037' | fold -b -w 1 | sort -u)
  for b in 036 037 035 034 033 032 031 030 027 026 025 024 023 022 021 020 017 016 001 002 003 004 005 006 007; do
    case $u in *"$(printf "\\$b")"*) ;; *) return 0 ;; esac
  done
  return 1
}
readable_all() { find "$1" -type d >/dev/null || printf 'unread// %s\n' "$1"; }`,
    added(writable, ignore),
    inShared(ignore),
    inSessions(sessions, places),
    opened,
    sh`} 2>/dev/null
${whole}`,
  ])
}

/** What lies in releases beside what was sealed. */
function added(writable: readonly string[], ignore: readonly string[]): ShellText {
  return sh`for r in releases/*; do
  r=\${r##*/}; ours "$r" && [ -d "releases/$r" ] || continue
  L=$PWD/.clonedeploy/manifests/$r.sealed; m=$(newline "$L")
  [ -n "$m" ] && [ -f ".clonedeploy/manifests/$r.seal" ] || { echo "unsealed// $r"; continue; }
  readable_all "releases/$r"
  spare "releases/$r" || printf 'unread// %s\n' "releases/$r"
  ( cd -- "releases/$r" && { { paths "$L"; paths "$L"; } | tr "\\$m" "\\$b"; find . ! -name . ! -type d -print0 | plain; } | sort | uniq -u${sealed('paths', [...writable, ...ignore])} |
    sed 's,^,./,' | shown "$r" )
done`
}

function inShared(ignore: readonly string[]): ShellText {
  return sh`[ ! -d shared ] || { readable_all shared/; spare shared/ || echo 'unread// shared/'
  ( cd shared/ || exit
  list() { find . -type f "$@" -print0 | plain | sort${sealed('paths', ['maintenance', ...ignore])} | sed 's,^,./,'; }
  list | shown shared
  each() { back | xargs -0 -r sh -c 'for f do [ ! -r "$f" ] || printf "s// %s  %s\n" "$(eval "$0" | sha256sum | cut -c1-64)" "$f"; done' "$1"; }
  n=$(printf "\\$b")
  list -size -513 | grep -v -e "$n" | back | xargs -0 -r sha256sum -- | sed 's,^,s// ,'
  # A sha256sum may print a newline in a name as it is.
  list -size -513 | grep -e "$n" | each 'cat -- "$f"'
  list -size +512 | each 'head -c 65536 -- "$f"; tail -c 65536 -- "$f"'
); }`
}

/** In the release that is served, only what is younger than its seal: a folder of code may be called sessions, too. */
function inSessions(asked: readonly string[], { temporary, php, settings }: UsualPlaces): ShellText {
  return sh`r=$(cd -P current && pwd -P); r=\${r##*/}
sessions() { # what to say where it cannot be read, the folder, a pattern of names
  k=$1 a=$2 n=$3
  case $2 in /*) d=$2 ;; *) d=current/$2 ;; esac
  [ -d "$d" ] || return 0
  case $(stat -f -c %T -- "$d") in nfs*|cifs|smb*|ceph|glusterfs|lustre|9p) return 0 ;; esac
  d=$(cd -P -- "$d" && pwd -P) && [ -r "$d" ] || { printf '%s// %s\n' "$k" "$a"; return 0; }
  set --
  case $d/ in "$h/releases/$r/"*) set -- -newer ".clonedeploy/manifests/$r.seal" ;; esac
  [ "$a" != ${temporary} ] || set -- -maxdepth 1
  find "$d" "$@" -type d >/dev/null && spare "$d" "$@" -name "$n" || printf '%s// %s\n' "$k" "$a"
  find "$d" "$@" -type f -name "$n" ! -name '.git*' -print0 | plain | sort | shown session
}
for d in ${php}; do sessions private "$d" 'sess_*'; done
for n in 'sess_*' 'sessionid*'; do sessions private ${temporary} "$n"; done
sed -n 's|^ *session.save_path *= *"\{0,1\}\([0-9;]*;\)\{0,1\}\(/[^";]*\).*|\2|p' ${settings}/php.ini ${settings}/php*/php.ini ${settings}/php/*/*/php.ini | sort -u |
  while IFS= read -r d; do sessions private "$d" 'sess_*'; done
for d in ${usual}; do sessions private "$d" '*'; done
${asked.length === 0 ? sh`:` : sh`for d in ${asked}; do sessions unread "$d" '*'; done`}`
}

/** Below deployTo by any process, in the rest of the home by those that live in deployTo: a person's editor is none. */
const opened = sh`apps=" $({
${eachLiving(sh`"$h"`, sh`echo "$p"`)}
} | sort -u | tr '\012' ' ') "
k=0; p=
ls -ln /proc/[0-9]*/fd | grep -F -e '/fd:' -e " -> $h/" -e " -> $H/" | while IFS= read -r t; do
  case $t in /proc/[0-9]*/fd:) p=\${t#/proc/}; p=\${p%/fd:}; continue ;; l*' -> /'*) ;; *) continue ;; esac
  n=\${t%% -> *}; n=\${n##* }; t=\${t#* -> }
  case $t in
    *' (deleted)'|"$h"/.clonedeploy/*) continue ;;
    "$h"/*) ;;
    *) case $apps in *" $p "*) ;; *) continue ;; esac ;;
  esac
  [ -f "/proc/$p/fd/$n" ] || continue
  f=; while read -r key value; do [ "$key" != flags: ] || f=$value; done <"/proc/$p/fdinfo/$n"
  # The last two bits say how it was opened.
  case $f in *[1256]) ;; *) continue ;; esac
  s=$(stat -L -c '%s %Y %U' -- "/proc/$p/fd/$n") || continue
  t=$(readlink "/proc/$p/fd/$n"; echo .); t=\${t%?.}
  c=; IFS= read -r c <"/proc/$p/comm"
  [ "$c" != MainThread ] || { x=$(readlink "/proc/$p/exe") && c=\${x##*/}; }
  k=$((k + 1)); [ "$k" -le ${mostOpen} ] || { echo 'cut// open'; break; }
  printf 'p// %s %s\no// %s %s %s\n' "$p" "$c" "$p" "$s" "$t"
done`

/** Reads what the script printed; null where that is not the whole answer. Texts are as the host says them. */
export function parseAudit(stdout: Buffer): Audited | null {
  const records = recordsOf(stdout.toString('utf8'))
  const of = (key: string) => records.flatMap(([kind, rest]) => (kind === key ? [rest] : []))
  const here = of('here')[0] ?? ''
  if (!here.startsWith('/') || records.length > mostRecords) return null
  const sums = new Map(of('s').flatMap(sumOf))
  const names = new Map(of('p').map(line => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)]))
  const listed = of('f').flatMap(line => fileOf(line, here, sums))
  return {
    files: [...listed, ...of('o').flatMap(line => openOf(line, here, names))],
    cut: [...new Set([...tooLong(listed), ...(of('cut').includes('open') ? (['open'] as const) : [])])],
    unread: [...new Set(of('unread'))],
    private: [...new Set(of('private'))],
    unsealed: of('unsealed'),
  }
}

/** More than the script prints of any host. */
const mostRecords = 200_000

/** What a newline in a name made of one record belongs to the record before it. */
function recordsOf(text: string): readonly (readonly [string, string])[] {
  const records: [string, string][] = []
  for (const line of text.split('\n@whole\n')[0]?.split('\n') ?? []) {
    const [, kind, rest] = /^(here|f|s|o|p|cut|unread|private|unsealed)\/\/ (.*)$/s.exec(line) ?? []
    const last = records.at(-1)
    if (kind !== undefined && rest !== undefined) records.push([kind, rest])
    else if (last !== undefined) last[1] += `\n${line}`
  }
  return records
}

const listedForm = /^([\w.-]{1,200}) (\d{1,15}) (-?\d{1,12}) (.{1,64}?) (\.?\/.*)$/s

function fileOf(line: string, here: string, sums: ReadonlyMap<string, string>): readonly AuditFile[] {
  const [, where = '', size, modified, owner = '', path] = listedForm.exec(line) ?? []
  if (path === undefined) return []
  const evidence = where === 'shared' || where === 'session' ? where : 'release'
  const folder = { shared: 'shared/', session: '', release: `releases/${where}/` }[evidence]
  return [
    {
      ...{ evidence, size: Number(size), modified: Number(modified), owner, process: null },
      path: below(here, `${folder}${path.replace(/^\.\//, '')}`),
      sum: evidence === 'shared' ? (sums.get(path) ?? null) : null,
    },
  ]
}

function openOf(line: string, here: string, names: ReadonlyMap<string, string>): readonly AuditFile[] {
  const [, pid = '', size, modified, owner = '', path] = listedForm.exec(line) ?? []
  if (path === undefined || !/^\d+$/.test(pid)) return []
  const process = `${names.get(pid) ?? '?'} (${pid})`
  const numbers = { size: Number(size), modified: Number(modified) }
  return [{ evidence: 'open', path: below(here, path), ...numbers, owner, sum: null, process }]
}

/** GNU's sha256sum marks names that it had to escape. */
function sumOf(line: string): readonly (readonly [string, string])[] {
  const [, escaped, hash, name] = /^(\\?)([0-9a-f]{64}) [ *](.*)$/s.exec(line) ?? []
  if (hash === undefined || name === undefined) return []
  return [[escaped === '' ? name : name.replace(/\\([\\n])/g, (_, c) => (c === 'n' ? '\n' : '\\')), hash]]
}

function below(here: string, path: string): string {
  return path.startsWith(`${here}/`) ? path.slice(here.length + 1) : path
}

function tooLong(files: readonly AuditFile[]): readonly AuditFile['evidence'][] {
  const counts = new Map<string, number>()
  const key = ({ evidence, path }: AuditFile) => (evidence === 'release' ? path.split('/')[1] : evidence) ?? ''
  for (const file of files) counts.set(key(file), (counts.get(key(file)) ?? 0) + 1)
  return files.flatMap(file => ((counts.get(key(file)) ?? 0) > mostFiles ? [file.evidence] : []))
}

import { type ShellText, sh } from './shell.js'

/**
 * Shell functions that work on a manifest file (see build/manifest.ts) without a name ever being a word of the shell:
 * `names f|fl|l|d MANIFEST [NEWLINE]` NUL-separated paths; `paths MANIFEST` a line each; `intact MANIFEST DIR` whether every
 * entry is there with its mode, size, content and target.
 * `lines SOURCE`, in a folder: the lines of a manifest for what `SOURCE f|l|d` names (NUL-separated, sorted), such as `all`.
 * `sheet DIR`: what the file system knows of everything in it without reading it (mode, size, inode, time of the last
 * write), and the names of folders, sorted and NUL-separated; the same record later means that nothing has written into
 * it. Needs GNU find. `quick` makes `sums` use the fastest
 * program there is, for many files. Names are printed with ./ before them: `-` would be taken for the standard input.
 * Groups in what sed replaces are left out where lines are many: they make it ten times as slow.
 */
export const treeFunctions: ShellText = sh`
newline() { IFS= read -r l <"$1" && case $l in '# clonedeploy 1 '*) echo "\${l#'# clonedeploy 1 '}" ;; esac; }
names() {
  case $1 in
    f) sed -n 's,^f [0-7]* [0-9]* [0-9a-f]* ,./,p' "$2" ;;
    fl) sed -n -e 's,^f [0-7]* [0-9]* [0-9a-f]* ,./,p;t' -e 's,^l .*//,./,p' "$2" ;;
    l) sed -n 's,^l .*//,./,p' "$2" ;;
    d) sed -n 's,^d ,./,p' "$2" ;;
  esac | tr "\\012\\\${3:-$(newline "$2")}" '\000\012'
}
paths() { sed -n -e 's,^f [0-7]* [0-9]* [0-9a-f]* ,,p;t' -e 's,^l .*//,,p;t' -e 's,^d ,,p' "$1"; }
targets() { # NUL-separated links on stdin; a line each, newlines as the byte $1
  if readlink --help 2>&1 | grep -q -e --zero; then
    xargs -0 -r readlink -z -- | tr '\012\000' "\\$1\\012"
  else
    xargs -0 -r sh -c 'for l do t=$(readlink -n -- "$l"; echo .); printf "%s" "\${t%.}" | tr "\\012" "\\$0"; echo; done' "$1"
  fi
}
# OpenSSL uses the processor's own instructions for it; a few files are hashed before it has started.
hasher='sha256sum --'
quick() { case $(openssl dgst -sha256 -r </dev/null 2>/dev/null) in e3b0c44298fc1c149afbf4c8996fb924*) hasher='openssl dgst -sha256 -r --' ;; esac; }
sums() { xargs -0 -r $hasher | sed -n 's,^\\,,;s, [ *]\./.*,,p'; }
modes() { xargs -0 -r stat -c '%a %s %F' -- | sed 's/ regular.*//'; }
# A default ACL, or a file system, may have its word about modes that are asked for, and has none about those that are set.
setmodes() {
  rm -f "$own.sheet"
  find "$T" -type d ! -perm 755 -exec chmod 755 {} + -o -type f -perm -100 ! -perm 755 -exec chmod 755 {} + \
    -o -type f ! -perm -100 ! -perm 644 -exec chmod 644 {} +
}
intact() {
  m=$1
  case $m in /*) ;; *) m=$PWD/$m ;; esac
  b=$(newline "$m")
  ( cd -- "$2" || exit 1
    x=$(sed -n '/^f /p' "$m" | cut -d ' ' -f 2,3 | sha256sum)
    y=$(names f "$m" | modes | sha256sum)
    [ "$x" = "$y" ] || { echo 'modes or sizes differ from the manifest'; exit 1; }
    x=$(sed -n '/^f /p' "$m" | cut -d ' ' -f 4 | sha256sum)
    y=$(names f "$m" | sums | sha256sum)
    [ "$x" = "$y" ] || { echo 'contents differ from the manifest'; exit 1; }
    x=$(sed -n 's,^l \(.*\)//.*,\1,p' "$m" | sha256sum)
    y=$(names l "$m" | targets "$b" | sha256sum)
    [ "$x" = "$y" ] || { echo 'symbolic links differ from the manifest'; exit 1; }
    x=$(names d "$m" | tr -dc '\000' | wc -c)
    y=$(names d "$m" | xargs -0 -r sh -c 'for d do [ -d "$d" ] && [ ! -L "$d" ] && echo; done' sh | wc -l)
    [ "$x" -eq "$y" ] || { echo 'folders of the manifest are missing'; exit 1; }
  )
}
count() { tr -dc '\000' | wc -c; }
entries() { ( cd -- "$1" && find . ! -name . -print0 | count ); }
sheet() { find "$1" -mindepth 1 -type d -printf '%P/\0' -o -printf '%m %s %i %T@ %P\0' | sort -z; }
all() { find . -type "$1" ! -name . -print0 | sort -z | readable "$1"; }
# What cannot be read has no sum, and the sums of others would be taken for its.
readable() { if [ "$1" = f ]; then xargs -0 -r sh -c 'for f do [ ! -r "$f" ] || printf "%s\\000" "$f"; done' sh; else cat; fi; }
plain() { tr "\\012\\000" "\\$b\\012" | sed 's,^\./,,'; }
lines() {
  "$1" d | plain | sed 's/^/d /'
  "$1" f | xargs -0 -r stat -c '%a %s' -- | paste -d' ' - /dev/fd/3 /dev/fd/4 3<<A 4<<B | sed '/^ *$/d;s/^/f /'
$("$1" f | sums)
A
$("$1" f | plain)
B
  "$1" l | targets "$b" | paste - /dev/fd/3 3<<A | sed '/^.$/d;/^$/d;s,	,//,;s/^/l /'
$("$1" l | plain)
A
}`

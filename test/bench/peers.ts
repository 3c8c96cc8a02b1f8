/** What many teams use: rsync against the release before, a link, a rename; all hosts at once, one connection each. */
export const rsync = `set -e
cd "$1"; shift; config=$1; app=$2; hosts=$3; id=$(date +%s%N); sockets=$(mktemp -d)
for entry in $hosts; do (
  host=\${entry%%=*}; root=\${entry#*=}
  ssh="ssh -F $config -o ControlMaster=auto -o ControlPersist=5 -o ControlPath=$sockets/%n"
  $ssh $host "mkdir -p $root/releases"
  rsync -az --link-dest=$root/current/ -e "$ssh" $app/ $host:$root/releases/$id/ 2>/dev/null
  $ssh $host "cd $root && ln -sfn releases/$id .new && mv -fT .new current"
  $ssh -O exit $host 2>/dev/null ) & done; wait; rm -rf "$sockets"`

/** What is quickest where nothing is there yet: everything packed once, and sent over a new connection each. */
export const tar = `set -e
cd "$1"; shift; config=$1; app=$2; hosts=$3; id=$(date +%s%N)
tar -czf packed.tar.gz -C $app .
for entry in $hosts; do
  ssh -F $config \${entry%%=*} "mkdir -p \${entry#*=}/releases/$id && cd \${entry#*=} && tar -xzf - -C releases/$id && ln -sfn releases/$id .new && mv -fT .new current" <packed.tar.gz &
done; wait; rm packed.tar.gz`

/** The least that anybody does to all hosts: a command over a new connection each. */
export const bare = `set -e
cd "$1"; shift; config=$1; hosts=$3; command=$4
for entry in $hosts; do ssh -F $config \${entry%%=*} "cd \${entry#*=} && $command" & done; wait`

import { storePatience } from '../prepare/download.js'
import { ShellText, sh } from '../shell/shell.js'

/** Where a machine reads the store that a deploy has written. */
export type StorePlace =
  | { readonly kind: 'path'; readonly dir: string }
  /** A web server that serves the folder; no slash at its end. */
  | { readonly kind: 'web'; readonly url: string }
  | {
      readonly kind: 's3'
      readonly bucket: string
      /** '' where there is none. */
      readonly prefix: string
      /** Null: what the machine says of itself. */
      readonly region: string | null
      /** Null: AWS. */
      readonly endpoint: string | null
    }

/**
 * `get KEY FILE BYTES`: brings an object of at most so many bytes into a file. 0: it is there; 1: there is none; 2: that cannot
 * be told, and `$F/why` says why. `open_store`: has what it needs ready, 2 where it has not.
 */
export function storeReader(place: StorePlace): ShellText {
  switch (place.kind) {
    case 'path':
      return sh`open_store() { [ -d ${place.dir} ] || { echo ${`there is no folder ${place.dir}`} >"$F/why"; return 2; }; }
get() {
  [ -e ${place.dir}/"$1" ] || { open_store; [ "$?" = 0 ] && return 1; return 2; }
  [ "$(wc -c <${place.dir}/"$1")" -le "$3" ] || { echo "it has more than $3 bytes: $1" >"$F/why"; return 2; }
  cp -- ${place.dir}/"$1" "$2" 2>"$F/why" || return 2
}`
    case 'web':
      return sh`source_of() {
  printf 'url = "%s/%s"\n' ${place.url} "$1"
  [ -z "$login" ] || printf 'user = "%s"\n' "$(escaped "$login")"
}
${byCurl}
open_store() {
  by= login=\${CLONEDEPLOY_STORE_LOGIN:-}
  if command -v curl >/dev/null 2>&1; then by=by_curl
  elif [ -n "$login" ]; then echo 'a login at the store needs curl, which is not here' >"$F/why"; return 2
  else case $(wget --version 2>/dev/null) in *+https*) by=by_wget ;; esac; fi
  [ -n "$by" ] || { echo 'there is no curl, and no wget of GNU' >"$F/why"; return 2; }
}
${byWget(place.url)}
get() { $by "$@"; }`
    case 's3':
      return sh`${byCurl}
${s3(place)}
get() { by_curl "$@"; }`
  }
}

const { connects, silence, slowest } = storePatience
const speed = ['--connect-timeout', connects, '--speed-limit', slowest, '--speed-time', silence]

/** A number of an arithmetic expression, which takes no quotes. */
function plain(number: number): ShellText {
  return new ShellText(String(number))
}

/** What is asked is the input of curl: it may hold a secret. No more is kept than is expected, as far as the shell can tell. */
const byCurl = sh`escaped() { printf %s "$1" | sed 's/[\\"]/\\&/g'; }
by_curl() {
  rm -f "$2"
  source_of "$1" | ( ulimit -f "$(($3/512+128))"; exec curl -q -sSg ${speed} --max-time "$((${plain(silence)}+$3/${plain(slowest)}))" -H 'Cache-Control: no-cache' -o "$2" -w '%{http_code}' -K - ) >"$F/status" 2>"$F/why"
  answered "$?" "$(cat "$F/status")"
}
answered() {
  case "$1 $2" in '0 200') return 0 ;; '0 404') return 1 ;; 0*) echo "it answers $2" >"$F/why" ;; esac
  [ -s "$F/why" ] || echo "it could not be asked ($1)" >"$F/why"
  return 2
}`

/** That of busybox checks no certificate. */
function byWget(url: string): ShellText {
  const options = ['--no-config', '-nv', '--tries=1', '--max-redirect=0', '--no-cache', `--connect-timeout=${connects}`]
  const patience = [`--dns-timeout=${connects}`, `--read-timeout=${silence}`]
  return sh`by_wget() {
  rm -f "$2"
  ( ulimit -f "$(($3/512+128))"; exec wget ${options} ${patience} -O "$2" ${url}/"$1" ) >/dev/null 2>"$F/why" && return 0
  rm -f "$2"
  grep -q 'ERROR 404:' "$F/why" && return 1
  [ -s "$F/why" ] || echo 'it could not be asked' >"$F/why"
  return 2
}`
}

/**
 * The keys of a file of root's, else those of the instance's role. Without leave to list, S3 answers 403 for what is not
 * there, so that is no sign of anything.
 */
function s3({ bucket, prefix, region, endpoint }: Extract<StorePlace, { kind: 's3' }>): ShellText {
  const below = prefix === '' ? bucket : `${bucket}/${prefix}`
  return sh`source_of() {
  printf 'url = "%s/%s/%s"\naws-sigv4 = "aws:amz:%s:s3"\nuser = "%s:%s"\nheader = "x-amz-content-sha256: UNSIGNED-PAYLOAD"\n' "$base" ${below} "$1" "$region" "$(escaped "$key")" "$(escaped "$secret")"
  [ -z "$token" ] || printf 'header = "x-amz-security-token: %s"\n' "$token"
}
imds() {
  p=$1; shift
  curl -q -sSfg --noproxy '*' --connect-timeout 2 --max-time 5 "$@" "\${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}/latest/$p" 2>"$F/why"
}
of_role() { sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p' "$F/role"; }
open_store() {
  command -v curl >/dev/null 2>&1 || { echo 'there is no curl, which signs what S3 is asked' >"$F/why"; return 2; }
  region=${region ?? ''}; region=\${region:-\${AWS_REGION:-\${AWS_DEFAULT_REGION:-}}}
  key=\${CLONEDEPLOY_S3_KEY_ID:-} secret=\${CLONEDEPLOY_S3_SECRET:-} token=\${CLONEDEPLOY_S3_TOKEN:-}
  if [ -z "$key" ] || [ -z "$region" ]; then
    t=$(imds api/token -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300') &&
    [ -n "$region" ] || region=$(imds meta-data/placement/region -H "X-aws-ec2-metadata-token: $t") || return 2
  fi
  if [ -z "$key" ]; then
    r=$(imds meta-data/iam/security-credentials/ -H "X-aws-ec2-metadata-token: $t") &&
    imds "meta-data/iam/security-credentials/\${r%%[!A-Za-z0-9+=,.@_-]*}" -H "X-aws-ec2-metadata-token: $t" >"$F/role" || return 2
    key=$(of_role AccessKeyId) secret=$(of_role SecretAccessKey) token=$(of_role Token)
    rm -f "$F/role"
  fi
  [ -n "$key" ] && [ -n "$secret" ] && [ -n "$region" ] || { echo 'there are no keys of S3, of a file or a role' >"$F/why"; return 2; }
  case $region in cn-*) base=https://s3.$region.amazonaws.com.cn ;; *) base=https://s3.$region.amazonaws.com ;; esac
  ${endpoint === null ? sh`:` : sh`base=${endpoint.replace(/\/$/, '')}`}
}`
}

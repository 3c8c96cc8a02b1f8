import { paths } from '../../release/paths.js'
import { codes } from '../shell/codes.js'
import { type Claim, fenced } from '../shell/fence.js'
import { type Script, type ShellText, script, sh } from '../shell/shell.js'
import { lockLease } from '../transaction/lock.js'
import { type Expected, receive } from './receive.js'

/** A host that hands on what it got: where it listens, and the key (`ssh-ed25519 AAAA…`) that it shows there. */
export interface Seed {
  readonly address: string
  readonly port: number
  readonly user: string
  readonly hostKey: string
}

/** What a host that fetches from a seed needs. */
export interface Fetch extends Expected {
  readonly seed: Seed
  /** The key that the seed lets in, in OpenSSH's format: it is the input of the script. */
  readonly key: Uint8Array
}

/** What a seed says when it listens. It may say anything: what does not look like an address, a name and a key is none. */
export function seedIn(line: string | null, port: number): Seed | null {
  const [, address, user, hostKey] =
    /^serving ([0-9a-fA-F:.]+) (\w[\w.\\@-]*) (ssh-ed25519 [A-Za-z0-9+/]+=*)$/.exec(line ?? '') ?? []
  return address === undefined || user === undefined || hostKey === undefined ? null : { address, port, user, hostKey }
}

/** Shell text for a pipe through which a payload goes: a copy of it stays for others, as much as the disk takes. */
export const keepCopy: ShellText = sh`{ tee "$X/payload" 2>/dev/null; : >"$X/kept"; }`

/** Takes the copy away where nobody hands it on. */
export const dropCopy: ShellText = sh`[ -d "$X/relay" ] || rm -f "$X/payload" "$X/kept"`

interface Relay {
  readonly port: number
  /** The key that is let in: `ssh-ed25519 AAAA…` */
  readonly publicLine: string
  /** Bytes of the payload. */
  readonly size: number
  /** How many hosts fetch it. */
  readonly takers: number
}

/**
 * Hands the payload that `unpack` keeps, while it comes, to whoever has the key, by an sshd of its own: it listens at the
 * address at which we reached this host, knows no password, no other key and no other command, and shows a key that was
 * made for it. Prints `serving ADDRESS USER KEY` when it listens, and serves until a line comes or ours is lost, or the
 * lock's holder is not heard of any more. Exit: relay (why stands on stderr).
 */
export function relay(claim: Claim, { port, publicLine, size, takers }: Relay): Script {
  return script('relay', [
    fenced(claim),
    sh`umask 077
R=$PWD/$X/relay
fail() { printf '%s\n' "$1" >&2; exit ${codes.relay}; }
p=
trap 'exit 1' HUP INT TERM PIPE
trap '[ -z "$p" ] || kill "$p" 2>/dev/null; rm -rf "$R" "$X/payload" "$X/kept"' EXIT
case $R in *[\\\"\'%]*) fail 'the name of the deploy folder cannot be written into the configuration of sshd' ;; esac
a=\${SSH_CONNECTION-}; a=\${a% *}; a=\${a##* }
[ -n "$a" ] || fail 'its address is not known'
PATH=$PATH:/usr/sbin:/usr/local/sbin:/sbin
s=$(command -v sshd) || fail 'it has no sshd that could be started'
mkdir -p "$R" && ssh-keygen -q -t ed25519 -N '' -f "$R/host" </dev/null >/dev/null || fail 'no key could be made'
pam=no; [ "$(id -u)" != 0 ] || pam=yes
printf '%s\n' "R='$R'" ${give(size)} >"$R/give" &&
printf "restrict,command=\"sh '%s/give'\" %s\n" "$R" ${publicLine} >"$R/keys" &&
printf '%s\n' "ListenAddress [$a]:"${port} "HostKey \"$R/host\"" "AuthorizedKeysFile \"$R/keys\"" "UsePAM $pam" ${settings(takers)} >"$R/config" || fail 'there is no room for its configuration'
"$s" -D -e -f "$R/config" </dev/null >/dev/null 2>"$R/log" & p=$!
i=0
until grep -q '^Server listening' "$R/log"; do
  kill -0 "$p" 2>/dev/null && [ "$i" -lt 100 ] || fail "$(grep -v '^Cannot bind' "$R/log" | tail -n 1)"
  i=$((i+1)); sleep 0.05 2>/dev/null || sleep 1
done
( while sleep 5 && kill -0 "$p"; do
    l=$(stat -c %Y ".clonedeploy/epochs/$h/lease") && [ "$(($(date +%s) - l))" -le ${lockLease} ] && [ -d "$X" ] || { rm -rf "$R" "$X/payload"; kill "$p"; }
  done ) </dev/null >/dev/null 2>&1 &
printf 'serving %s %s %s\n' "$a" "$(id -un)" "$(cut -d ' ' -f 1,2 "$R/host.pub")"
IFS= read -r line
exit 0`,
  ])
}

/** What an arriving host runs: prints the payload as far as it is there, again and again, to its end. Exit 1: there is no more. */
function give(size: number): string {
  return sh`n=0
while [ -d "$R" ]; do
  k=; [ ! -e "$R/../kept" ] || k=1
  s=$( { wc -c <"$R/../payload"; } 2>/dev/null ); s=$((s+0))
  [ "$s" -le "$n" ] || { tail -c "+$((n+1))" "$R/../payload" | head -c "$((s-n))" || exit 1; n=$s; }
  [ "$n" -lt ${size} ] || exit 0
  [ -z "$k" ] || break
  sleep 0.2 2>/dev/null || sleep 1
done
echo 'what it had was not everything' >&2
exit 1`.text
}

/** Before OpenSSH 8.7, an sshd with PAM asks for passwords unless ChallengeResponseAuthentication is off, too. */
const settings = (takers: number) => [
  'PidFile none',
  'StrictModes no',
  'AuthenticationMethods publickey',
  'PasswordAuthentication no',
  'KbdInteractiveAuthentication no',
  'ChallengeResponseAuthentication no',
  'PermitRootLogin forced-commands-only',
  'PermitUserRC no',
  'UseDNS no',
  'MaxSessions 1',
  `MaxStartups ${takers + 16}`,
  'LoginGraceTime 20',
  'ClientAliveInterval 15',
]

/** Shell text that brings a seed's copy of the payload to the end of `$I/payload`, as `receive` does. stdin: the key. */
export function fetchCopy({ seed, sum, size }: Fetch, tx: string): ShellText {
  const { key, known } = { key: `${paths.tx(tx)}/key`, known: `${paths.tx(tx)}/known` }
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${known}`,
    'GlobalKnownHostsFile=/dev/null',
    'HostKeyAlias=relay',
    'CheckHostIP=no',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'PreferredAuthentications=publickey',
    'ConnectTimeout=5',
    'ServerAliveInterval=5',
    'LogLevel=ERROR',
  ].flatMap(option => ['-o', option])
  const command = sh`ssh -F /dev/null -a -x -T ${options} -p ${seed.port} -l ${seed.user} -i ${key} -- ${seed.address} cat`
  return sh`( umask 077; cat >${key} && printf 'relay %s\n' ${seed.hostKey} >${known} ) || exit ${codes.unpack}
${receive({ sum, size }, { command, program: 'ssh', input: sh`</dev/null`, cleanUp: sh`rm -f ${key} ${known}` })}`
}

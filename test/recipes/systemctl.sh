#!/bin/sh
# What a host has in place of systemd: it starts, reloads and ends what the units in $AT/etc/systemd say.
AT=$(dirname -- "$(dirname -- "$0")")
[ "$1" != --user ] || shift
verb=$1
shift

of() { sed -n "s/^$1=//p" "$file" | sed "s/%i/$instance/g; s/[$][$]/\$/g"; }
is_active() { read -r MAINPID 2>/dev/null <"$AT/run/$unit.pid" && kill -0 "$MAINPID" 2>/dev/null; }

# Without a shell, which would set PWD: systemd does not.
clean='exec env -i "PATH=$PATH" "HOME=$HOME" LANG=C.UTF-8 "CLONEDEPLOY_TEST_HOST=$CLONEDEPLOY_TEST_HOST"'

start() {
  case $unit in *.socket) hold; return ;; esac
  variables=$(of Environment | tr '\n' ' ')
  for each in $(of EnvironmentFile); do variables="$variables $(grep -v '^#' "${each#-}" | tr '\n' ' ')"; done
  folder=$(of WorkingDirectory)
  what="cd '${folder:-/}' && echo \$\$ >'$AT/run/$unit.pid' || exit
$clean $variables"
  if is_held; then
    echo "$what LISTEN_FDS=1 LISTEN_PID=\$\$ $(of ExecStart)" >"$AT/run/$unit.starts"
    kill -USR1 "$holder"
    while [ -e "$AT/run/$unit.starts" ]; do sleep 0.02; done
  else
    rm -f "$AT/run/$unit.pid"
    setsid sh -c "$what $(of ExecStart)" </dev/null >>"$AT/journal" 2>&1 &
    while [ ! -s "$AT/run/$unit.pid" ]; do sleep 0.02; done
  fi
}

# Listens for a service, as its socket unit says, for as long as the host lives; starts it with the socket as descriptor 3.
hold() {
  setsid perl -e '
use Socket; use POSIX ();
$^F = 255; my ($address, $port, $starts) = @ARGV;
socket(my $socket, PF_INET, SOCK_STREAM, 0) or die; setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
bind($socket, sockaddr_in($port, inet_aton($address))) or die "$!"; listen($socket, 512) or die;
$SIG{CHLD} = "IGNORE"; $SIG{USR1} = sub {
  open(my $file, "<", $starts) or return; local $/; my $what = <$file>; close $file;
  if (!fork) { POSIX::setsid(); POSIX::dup2(fileno($socket), 3); exec "sh", "-c", $what }
  unlink $starts;
};
open(my $ready, ">", "$starts.ready"); close $ready;
select(undef, undef, undef, 3600) while 1;
' $(of ListenStream | tr ':' ' ') "$AT/run/${unit%.socket}.starts" </dev/null >>"$AT/journal" 2>&1 &
  echo $! >"$AT/run/$unit.pid"
  while [ ! -e "$AT/run/${unit%.socket}.starts.ready" ]; do sleep 0.02; done
}

is_held() { read -r holder 2>/dev/null <"$AT/run/$unit.socket.pid" && kill -0 "$holder" 2>/dev/null; }

stop() {
  is_active || return 0
  signal=$(of KillSignal | sed s/^SIG//)
  kill -s "${signal:-TERM}" "$MAINPID"
  while kill -0 "$MAINPID" 2>/dev/null; do sleep 0.02; done
}

for unit; do
  unit=${unit%.service}
  case $unit in
    *.socket) instance='' file=$unit ;;
    *@*) instance=${unit#*@} file=${unit%%@*}@.service ;;
    *) instance='' file=$unit.service ;;
  esac
  for units in system user; do [ ! -e "$AT/etc/systemd/$units/$file" ] || break; done
  file=$AT/etc/systemd/$units/$file
  [ -e "$file" ] || { echo "No files found for $unit." >&2; exit 1; }
  case $verb in
    cat) cat "$file" ;;
    stop) stop ;;
    start) is_active || start ;;
    restart) stop && start ;;
    reload-or-restart)
      if is_active && [ -n "$(of ExecReload)" ]; then eval "$(of ExecReload)"; else start; fi
      ;;
    *) echo "Unknown command verb $verb." >&2; exit 1 ;;
  esac || exit
done

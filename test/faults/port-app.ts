/** Answers with its release. */
export const server = `import { createServer } from 'node:http'
const [, , port, release] = process.argv
createServer((request, response) => response.end(release)).listen(Number(port), '127.0.0.1')
`

/** A process for each port, which lives outside of the releases. What a killed test leaves ends by itself. A line \`HOST WHAT\` in \`faults\` lets a command fail. */
export const serve = `d=$AT/$CLONEDEPLOY_HOST; p=$CLONEDEPLOY_PORT; r=$CLONEDEPLOY_RELEASE; mkdir -p "$d"
lives() { n=$(cat "$d/pid.$p" 2>/dev/null) && { read -r l <"/proc/$n/stat"; } 2>/dev/null && case \${l##*) } in Z*) false ;; esac; }
[ "$1" = look ] || echo "$CLONEDEPLOY_HOST $1 $p" >>"$AT/said"
if grep -qx "$CLONEDEPLOY_HOST $1" "$AT/faults" && ! grep -qx "$r" "$AT/good"; then echo "no $1 here" >&2; exit 7; fi
case $1 in
  start) lives || { ( cd / && exec setsid timeout 900 ${process.execPath} "$AT/app.mjs" "$p" "$r" </dev/null >/dev/null 2>&1 ) & echo $! >"$d/pid.$p"; } ;;
  stop) ! lives || { kill "$n"; while lives; do sleep 0.05; done; }; rm -f "$d/pid.$p" ;;
esac
`

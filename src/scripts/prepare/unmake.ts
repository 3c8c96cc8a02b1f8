import { sh } from '../shell/shell.js'

/** `unmake ID`: removes a release that this transaction has made, with all that is known of it. */
export const unmakeFunction = sh`unmake() {
  m=".clonedeploy/manifests/$1"
  rm -rf "releases/$1" "$m" "$m.seal" "$m.sheet" "$m.sealed" "$m.run" "$m.confirmed"
}`

/**
 * Whether a .gitattributes (as latin1) says nothing by which a checkout would have other bytes than the commit, or `git archive` other
 * files: only attributes that are known to be about something else.
 */
export function arePlain(attributes: string): boolean {
  return attributes.split('\n').every(line => {
    const text = line.replace(/\r$/, '').trim()
    if (text === '' || text.startsWith('#')) return true
    // A quoted pattern may hold spaces, and a macro may stand for anything.
    if (text.startsWith('"') || text.startsWith('[attr]')) return false
    return text
      .split(/\s+/)
      .slice(1)
      .every(word => harmless.test(word))
  })
}

/** With `core.eol=lf`, which git is always run with here, text has the line ends that it is committed with. */
const harmless =
  /^([-!]?(text|diff|merge|binary|delta|whitespace|linguist-[\w-]+|gitlab-[\w-]+)|text=auto|eol=lf|(diff|merge|whitespace|linguist-[\w-]+|gitlab-[\w-]+|conflict-marker-size)=[^\s]*)$/

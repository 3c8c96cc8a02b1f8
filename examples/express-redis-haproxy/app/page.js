/** The page, for a user or for nobody yet. */
export function page({ message, user, visits, release, host }) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${html(message)}</title>
<style>
  body { display: grid; min-height: 100vh; margin: 0; place-content: center; gap: 1rem; font: 1.1rem/1.5 system-ui, sans-serif }
  h1 { margin: 0 }
  dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; margin: 0 }
  dt { color: #69758f }
  dd { margin: 0; font-family: ui-monospace, monospace }
</style>
<h1>${html(message)}</h1>
${user === null ? login : `<p id="user">${html(user)}, this is your visit number ${visits}</p>`}
<dl>
  <dt>release</dt><dd id="release">${html(release)}</dd>
  <dt>host</dt><dd id="host">${html(host)}</dd>
</dl>
</html>
`
}

const login = `<form method="post" action="/login">
  <label>Name <input name="user" required></label>
  <button>Log in</button>
</form>`

function html(text) {
  return String(text).replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}

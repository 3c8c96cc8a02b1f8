import { describe, expect, it } from 'vitest'
import { html } from '../../../src/render/page/html.js'

describe('a value in markup', () => {
  it.each([
    ['a tag', '<script>alert(1)</script>', '&#60;script&#62;alert(1)&#60;/script&#62;'],
    ['an end of an attribute', '" onload="x', '&#34; onload=&#34;x'],
    ['other quotes', "' `", '&#39; &#96;'],
    ['an entity', '&lt;', '&#38;lt;'],
    ['a turned direction', 'a\u202eb', 'a\\u202eb'],
    ['a control character', 'a\x1b[2J\0b', 'a\\x1b[2J\\x00b'],
    ['half a character', 'a\ud800', 'a\ufffd'],
    ['lines', 'a\n\tb', 'a\n\tb'],
    ['a long line', 'a'.repeat(5000), 'a'.repeat(5000)],
  ])('is quoted: %s', (_, text, expected) => {
    expect(html`<p title="${text}">${text}</p>`.markup).toBe(`<p title="${expected}">${expected}</p>`)
  })

  it('is taken as it is when it is markup, and nothing when it is null', () => {
    expect(html`<ul>${['<', 'b'].map(text => html`<li>${text}</li>`)}${null}</ul>${3}`.markup).toBe(
      '<ul><li>&#60;</li><li>b</li></ul>3',
    )
  })
})

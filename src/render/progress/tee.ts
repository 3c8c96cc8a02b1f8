import type { Renderer } from './renderer.js'

/** Tells several renderers the same events. One that throws is left out from then on: showing a deploy must not stop it. */
export function teeRenderer(renderers: readonly Renderer[], onFailure: (error: unknown) => void): Renderer {
  let alive = renderers
  const each = (tell: (renderer: Renderer) => void) => {
    for (const renderer of alive) {
      try {
        tell(renderer)
      } catch (error) {
        alive = alive.filter(other => other !== renderer)
        onFailure(error)
      }
    }
  }
  return {
    event: event => each(renderer => renderer.event(event)),
    end: () => each(renderer => renderer.end()),
    pause: asking => each(renderer => renderer.pause?.(asking)),
  }
}

import type { Recogniser } from './recognised.js'

/** Files that a web server serves as they are. */
export const recogniseStatic: Recogniser = ({ has }) => {
  if (!has('index.html') && !has('public/index.html')) return null
  return { kind: 'Static files', recipe: 'static-site', config: {}, restart: null }
}

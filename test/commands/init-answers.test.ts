import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { warmRecipe } from '../../src/commands/init/init-answers.js'
import type { Guess } from '../../src/project/guess.js'

it.each([
  ['flask', 'docs/recipes/gunicorn-warm.md'],
  ['django', 'docs/recipes/gunicorn-warm.md'],
  ['rails', 'docs/recipes/puma-warm.md'],
  ['sinatra', 'docs/recipes/puma-warm.md'],
  ['laravel', 'docs/recipes/php-fpm-warm.md'],
  ['symfony', 'docs/recipes/php-fpm-warm.md'],
  ['php', 'docs/recipes/php-fpm-warm.md'],
  ['next', null],
  [null, null],
])('init names the page by which an app of the recipe %s is warm: %s', (recipe, page) => {
  const [note = null, ...more] = warmRecipe({ recipe } as Guess)
  expect(more).toEqual([])
  expect(note?.match(/docs\S+\.md/)?.[0] ?? null).toBe(page)
  if (page !== null) expect(existsSync(join(import.meta.dirname, '../..', page))).toBe(true)
})

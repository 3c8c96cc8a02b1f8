import type { Files, Recipe } from './recipe.js'
import { freshApp } from './registry.js'

/** Pages that are made anew while it serves, in place of the first page of the fresh app. */
const pages = (version: string): Files => ({
  'app/route.ts': answering(version),
  'app/item/[id]/route.ts': `${answering(version)}
export const revalidate = 1
export const generateStaticParams = () => []
`,
  'app/shown/page.tsx': `export const revalidate = 1
export default function Shown() { return <main>${version}</main> }
`,
})

const answering = (version: string) => `export const dynamic = 'force-static'
export const GET = () => new Response('${version}')
`

const broken = `export const dynamic = 'force-dynamic'
export const GET = () => new Response('bad', { status: 500 })
`

/** A fresh app of a version of Next. */
export function nextApp(name: string, version: string, config: string): Recipe {
  const flags = '--yes --ts --app --empty --no-tailwind --no-eslint --no-src-dir --use-npm --disable-git'
  const { files } = freshApp(
    `npx --yes create-next-app@${version} shop ${flags}`,
    'mkdir -p public; echo >public/robots.txt',
    'npm pkg set scripts.build="NEXT_TELEMETRY_DISABLED=1 next build"',
  )
  return {
    name,
    programs: [],
    app: shown => {
      const { 'app/page.tsx': _, ...others } = files()
      return { ...others, 'next.config.ts': config, ...pages(shown) }
    },
    broken: () => ({ 'app/route.ts': broken }),
    writes: ['.next/server/route-cache'],
    seamless: false,
    paths: ['/item/x'],
  }
}

/** A build takes a minute, and three where other tests run beside it. */
export const options = { shuffle: false, timeout: 1_200_000 }

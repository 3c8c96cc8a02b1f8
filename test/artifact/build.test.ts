import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Artifact } from '../../src/artifact/artifact.js'
import { type BuildOptions, buildArtifact } from '../../src/artifact/build.js'
import { buildKey, skeletonBuilt } from '../../src/artifact/cache/builds.js'
import { entriesOf } from '../../src/artifact/manifest/manifest.js'
import { packFolder } from '../../src/artifact/pack.js'
import { pinRevision } from '../../src/artifact/source.js'
import { workspacesOf } from '../../src/artifact/workspace.js'
import { exhaustively } from '../support/exhaustively.js'
import { exhaustive } from '../support/tier.js'
import { extract } from './archives.js'
import { fill, nothingShared, packsOf, read, type Tree, temporary } from './folders.js'
import { commit, git, gitSource, repository, settings } from './repositories.js'

const release = '20260102-030405-c0ffee1'

afterEach(() => {
  delete process.env.GIT_DIR
  delete process.env.NAMED
})

/** Pins and builds, as a deploy does. */
async function built(config: BuildOptions['config'], more: Partial<BuildOptions> = {}) {
  const cacheDir = more.cacheDir ?? temporary()
  const revision = await pinRevision(config.source, config.root, cacheDir)
  const output: string[] = []
  const onOutput = (line: string, stream: string) => output.push(`${stream} ${line}`)
  const artifact = await buildArtifact({ config, revision, cacheDir, onOutput, ...more })
  return { artifact, output, cacheDir, revision }
}

const pathsOf = (artifact: Artifact) => entriesOf(artifact.manifest).map(({ path }) => path)

const contentOf = async (artifact: Artifact) =>
  read(join(extract('GNU tar', (await artifact.payload(null, release)).data), 'tree'))

const workspacesIn = (root: string) => readdirSync(workspacesOf(root))

describe('building a commit', () => {
  it('starts from a clean checkout of it, not from the working tree', async () => {
    const dir = repository({ a: 'committed', '.gitignore': 'dist', 'run.sh': '#!/bin/sh\n' })
    fill(dir, { a: 'not committed', untracked: 'x', 'dist/old': 'x' })
    const { artifact, revision } = await built(settings(dir, gitSource('.'), { build: ['mkdir dist && cp a dist/a'] }))
    expect(await contentOf(artifact)).toEqual({
      '.gitignore': '644 dist',
      a: '644 committed',
      'dist/': 'folder 755',
      'dist/a': '644 committed',
      'run.sh': '755 #!/bin/sh\n',
    })
    expect(artifact.revision).toEqual(revision)
  })

  it('stays with the pinned commit when the branch moves on', async () => {
    const dir = repository({ a: 'one' })
    const revision = await pinRevision(gitSource('.'), dir)
    commit(dir, { a: 'two' })
    const { artifact } = await built(settings(dir, gitSource('.')), { revision })
    expect(await contentOf(artifact)).toEqual({ a: '644 one' })
  })

  it('runs the commands one after the other, with the variables of its own, and tells their output by line', async () => {
    const dir = repository({ a: 'x' })
    const buildEnv = { GREETING: 'hello', PORT: '3000' }
    const build = [
      'echo "$GREETING"; echo oops >&2',
      'printf "a\\r\\n50%%\\r100%%\\nno end"',
      'echo $CLONEDEPLOY_REVISION',
    ]
    const { output, revision } = await built(settings(dir, gitSource('.'), { build, buildEnv }))
    const said = (stream: string) => output.filter(line => line.startsWith(stream)).map(line => line.slice(7))
    expect(said('stdout')).toEqual(['hello', 'a', '100%', 'no end', revision?.commit])
    expect(said('stderr')).toEqual(['oops'])
  })

  it('gives the commands a repository of their own, also when git runs us in a hook', async () => {
    const dir = repository({ a: 'x' })
    git(dir, 'tag', 'v1')
    const source = gitSource('.')
    process.env.GIT_DIR = join(repository({ other: 'x' }), '.git')
    const { output, revision } = await built(
      settings(dir, source, { build: ['git rev-parse HEAD; git describe --tags'] }),
    )
    expect(output).toEqual([`stdout ${revision?.commit}`, 'stdout v1'])
  })

  it('builds at the same path each time, so that a path in the output is no change', async () => {
    const dir = repository({ a: 'x' })
    const cacheDir = temporary()
    const config = settings(dir, gitSource('.'), { build: ['pwd > where'] })
    const one = await built(config, { cacheDir })
    const two = await built(config, { cacheDir, force: true })
    expect(two.artifact.digest).toBe(one.artifact.digest)
  })

  it('builds where nothing of the project is found by looking upwards, or by what npm says of it', async () => {
    const root = repository({ 'web/a': 'x', 'package.json': '{"name":"whole"}' })
    const poison = {
      'node_modules/poison/index.js': '',
      'node_modules/.bin/poison': '#!/bin/sh\n',
      'pnpm-lock.yaml': '',
    }
    fill(root, poison)
    const config = settings(join(root, 'web'), gitSource('..'), {
      build: [
        `node -e 'require("poison")' 2>&1 | grep -o MODULE_NOT_FOUND`,
        'poison || echo no poison',
        'while cd .. && [ $PWD != / ]; do ls pnpm-lock.yaml .clonedeploy; done 2>/dev/null; true',
        'echo "$INIT_CWD$npm_package_json"',
      ],
    })
    const cacheDir = join(root, 'web/.clonedeploy/cache')
    const { PATH } = process.env
    Object.assign(process.env, { PATH: `${root}/node_modules/.bin:${PATH}`, INIT_CWD: root, npm_package_json: root })
    try {
      const { output } = await built(config, { cacheDir })
      expect(output.filter(line => line.startsWith('stdout'))).toEqual([
        'stdout MODULE_NOT_FOUND',
        'stdout no poison',
        'stdout ',
      ])
    } finally {
      process.env.PATH = PATH
      for (const name of ['INIT_CWD', 'npm_package_json']) delete process.env[name]
    }
  })

  exhaustively('builds two commits at the same time, each in its own folder', async () => {
    const dir = repository({ a: 'one' })
    git(dir, 'checkout', '--quiet', '-b', 'other')
    commit(dir, { a: 'two' })
    const cacheDir = temporary()
    const of = (ref: string) =>
      built(settings(dir, gitSource('.', { ref }), { build: ['sleep 0.3; cp a b'] }), { cacheDir })
    const [one, two] = await Promise.all([of('main'), of('other')])
    expect(await contentOf(one.artifact)).toEqual({ a: '644 one', b: '644 one' })
    expect(await contentOf(two.artifact)).toEqual({ a: '644 two', b: '644 two' })
  })

  exhaustively('builds a folder of a monorepo, with the rest of it there', async () => {
    const dir = repository({ 'apps/web/a': 'web', 'lib/shared': 'lib', 'apps/web/.deployignore': '*.map' })
    const build = ['cp ../../lib/shared shared; touch x.map']
    const config = settings(dir, gitSource('.', { subdir: 'apps/web' }), { build, include: ['a', 'shared'] })
    expect(pathsOf((await built(config)).artifact)).toEqual(['a', 'shared'])
    const from = settings(join(dir, 'apps/web'), gitSource('.'), { build })
    expect(pathsOf((await built(from)).artifact)).toEqual(['.deployignore', 'a', 'shared'])
  })

  it('takes a folder of the build as the release, and reads everything else there', async () => {
    const dir = repository({ 'apps/web/a': 'x', 'apps/web/.deployignore': 'server.js' })
    const made = 'out/app/server.js out/app/x.map out/app/uploads/a out/other'
    const build = [`mkdir -p out/app/uploads && touch ${made} && echo '*.map' >out/app/.deployignore`]
    const shared = { dirs: ['uploads'], files: [] }
    const config = settings(dir, gitSource('.', { subdir: 'apps/web' }), { build, releaseRoot: 'out/app', shared })
    expect(pathsOf((await built(config)).artifact)).toEqual(['.deployignore', 'server.js'])
    const folder = settings(dir, { kind: 'folder', dir: 'apps' }, { releaseRoot: 'web' })
    expect(pathsOf((await built({ ...folder, include: ['a'] })).artifact)).toEqual(['a'])
  })

  it.each([
    ['out', 'there is nothing of that name'],
    ['a', 'it is a file, or a symbolic link leads to it'],
    ['link', 'it is a file, or a symbolic link leads to it'],
    ...exhaustive([['link/etc', 'it is a file, or a symbolic link leads to it'] as const]),
  ] as const)('refuses a root that is no folder of the build: %s', async (releaseRoot, why) => {
    const dir = repository({ a: 'x', link: '-> /' })
    await expect(built(settings(dir, gitSource('.'), { releaseRoot }))).rejects.toMatchObject({
      message: `"root" names ${releaseRoot}, which is no folder of the build`,
      details: [why],
    })
  })

  it.each([
    ['apps/wbe', { details: ['beside it: web; did you mean "web"?'] }],
    ['file', { details: ['it is a file, or a symbolic link leads to it'] }],
    ['link', { details: ['it is a file, or a symbolic link leads to it'] }],
    ['link/subdir', { details: ['it is a file, or a symbolic link leads to it'] }],
    ['../other', { message: 'source.subdir ../other does not lie in the repository' }],
    ['/etc', { message: 'source.subdir /etc does not lie in the repository' }],
  ])('refuses a subdir that is none: %s', async (subdir, error) => {
    const outside = fill(temporary(), { 'subdir/secret': 'x' })
    const dir = repository({ 'apps/web/a': 'x', file: 'x', link: `-> ${outside}` })
    const cacheDir = temporary()
    const building = built(settings(dir, gitSource('.', { subdir }), { build: ['touch pwned'] }), { cacheDir })
    await expect(building).rejects.toMatchObject(error)
    expect(workspacesIn(dir)).toEqual([])
    expect(existsSync(join(outside, 'pwned'))).toBe(false)
  })

  it('builds from a remote repository, a shallow one, a bare one and a second working tree', async () => {
    const dir = repository({ a: 'x' })
    commit(dir, { a: 'y' })
    const root = temporary()
    git(root, 'clone', '--quiet', '--depth=1', `file://${dir}`, 'shallow')
    const bare = join(temporary(), 'bare.git')
    git(root, 'clone', '--quiet', '--bare', dir, bare)
    git(dir, 'worktree', 'add', '--quiet', '--detach', join(root, 'second'), 'main')
    git(join(root, 'shallow'), 'checkout', '--quiet', '--detach')
    git(join(root, 'shallow'), 'branch', '--quiet', '--delete', '--force', 'main')
    const refs: [string, string][] = [
      [`file://${dir}`, 'main'],
      ['shallow', 'HEAD'],
      [bare, 'main'],
      ['second', 'HEAD'],
    ]
    for (const [name, ref] of refs) {
      const { artifact } = await built(settings(root, gitSource(name, { ref })))
      expect(await contentOf(artifact)).toEqual({ a: '644 y' })
    }
  })

  it('builds a commit that no branch leads to', async () => {
    const dir = repository({ a: 'x' })
    const lost = commit(dir, { a: 'lost' })
    git(dir, 'reset', '--quiet', '--hard', 'HEAD~1')
    const { artifact } = await built(settings(dir, gitSource('.', { ref: lost })))
    expect(await contentOf(artifact)).toEqual({ a: '644 lost' })
    const root = temporary()
    git(root, 'clone', '--quiet', '--depth=1', `file://${dir}`, 'shallow')
    const shallow = join(root, 'shallow')
    const ref = commit(shallow, { a: 'lost again' })
    git(shallow, 'reset', '--quiet', '--hard', 'HEAD~1')
    const again = await built(settings(shallow, gitSource('.', { ref })))
    expect(await contentOf(again.artifact)).toEqual({ a: '644 lost again' })
  })

  it('runs no hook and no filter that the repository brings along, here or in the checkout', async () => {
    const canary = join(temporary(), 'pwned')
    const dir = repository({ a: 'x', '.gitattributes': '* filter=evil diff=evil merge=evil' })
    const hooks = ['post-checkout', 'post-merge', 'reference-transaction', 'post-index-change', 'pre-auto-gc']
    fill(
      join(dir, '.git/hooks'),
      Object.fromEntries(hooks.map(hook => [hook, `#!/bin/sh\necho ${hook} >>${canary}\n`])),
    )
    git(dir, 'config', 'filter.evil.smudge', `touch ${canary}; cat`)
    const { artifact } = await built(settings(dir, gitSource('.')))
    expect(await contentOf(artifact)).toMatchObject({ a: '644 x' })
    expect(existsSync(canary)).toBe(false)
  })

  it('runs the filters that this machine has for every repository, but none offline, and takes neither for the other', async () => {
    const dir = repository({ a: 'x', '.gitattributes': 'a filter=ours' })
    const config = '[filter "ours"]\n\tsmudge = sed s/x/smudged/\n\tclean = sed s/smudged/x/\n'
    process.env.GIT_CONFIG_GLOBAL = join(fill(temporary(), { config }), 'config')
    const cacheDir = temporary()
    const build = (offline: boolean) => built(settings(dir, gitSource('.')), { cacheDir, offline })
    try {
      const offline = (await build(true)).artifact
      expect(await contentOf(offline)).toMatchObject({ a: '644 x' })
      expect(offline.warnings).toEqual([
        'offline, no filter of git (LFS, say) was run: its files are as git keeps them',
      ])
      expect(await contentOf((await build(false)).artifact)).toMatchObject({ a: '644 smudged' })
      expect(await contentOf((await build(true)).artifact)).toMatchObject({ a: '644 smudged' })
    } finally {
      delete process.env.GIT_CONFIG_GLOBAL
    }
  })

  it('runs no hook that this machine has for every repository', async () => {
    const dir = repository({ a: 'x' })
    const canary = join(temporary(), 'pwned')
    const hook = `#!/bin/sh\necho $0 >>${canary}\n`
    const hooks = fill(temporary(), { 'post-checkout': hook, 'reference-transaction': hook })
    process.env.GIT_CONFIG_GLOBAL = join(fill(temporary(), { config: `[core]\n\thooksPath = ${hooks}\n` }), 'config')
    await built(settings(dir, gitSource('.'))).finally(() => delete process.env.GIT_CONFIG_GLOBAL)
    expect(existsSync(canary)).toBe(false)
  })

  it('takes files as they are committed, whatever line ends this machine likes', async () => {
    const dir = repository({ a: 'one\ntwo\n', b: 'one\r\n' })
    const global = join(temporary(), 'gitconfig')
    writeFileSync(global, '[core]\n\tautocrlf = true\n\tattributesFile = /dev/stdin\n')
    process.env.GIT_CONFIG_GLOBAL = global
    const { artifact } = await built(settings(dir, gitSource('.'))).finally(() => delete process.env.GIT_CONFIG_GLOBAL)
    expect(await contentOf(artifact)).toEqual({ a: '644 one\ntwo\n', b: '644 one\r\n' })
  })

  it('has the env files that are committed, and copies of them that the build made; others it leaves out and names', async () => {
    const dir = repository({ '.env.production': 'API=x', '.gitignore': '.env', 'web/.env': 'committed all the same' })
    fill(dir, { '.env': 'SECRET=here' })
    const build = ['mkdir out; cp .env.production out; echo SECRET=made >.env; touch out/.env.local']
    const { artifact, cacheDir } = await built(settings(dir, gitSource('.'), { build }))
    const paths = ['.env.production', '.gitignore', 'out', 'out/.env.production', 'web', 'web/.env']
    expect(pathsOf(artifact)).toEqual(paths)
    expect(artifact.warnings).toEqual([expect.stringMatching(/^left out, because git .*: \.env, out\/\.env\.local$/)])
    const again = await built(settings(dir, gitSource('.'), { build }), { cacheDir })
    expect(again.artifact.warnings).toEqual(artifact.warnings)
  })

  it('leaves out what .gitattributes exports to nobody, and says so, unless it is included; its build has it', async () => {
    const dir = repository({
      '.gitattributes': 'test/ export-ignore\n*.psd export-ignore\n/README export-ignore',
      '.deployignore': '!README',
      ...{ README: 'x', 'web/test/a': 'x', 'web/b.psd': 'x', 'web/c': 'x', 'été/d.psd': 'x' },
    })
    const { artifact } = await built(settings(dir, gitSource('.'), { build: ['cp web/test/a web/made'] }))
    expect(pathsOf(artifact)).toEqual([
      '.deployignore',
      '.gitattributes',
      'README',
      'web',
      'web/c',
      'web/made',
      '\xe9t\xe9',
    ])
    expect(artifact.warnings).toEqual([
      'left out, because .gitattributes says export-ignore: web/b.psd, web/test, \\xe9t\\xe9/d.psd',
    ])
    expect(pathsOf((await built(settings(dir, gitSource('.', { subdir: 'web' })))).artifact)).toEqual(['c'])
    const included = await built(settings(dir, gitSource('.'), { include: ['web'] }))
    expect(included.artifact.warnings).toEqual([])
    expect(pathsOf(included.artifact)).toEqual(['web', 'web/b.psd', 'web/c', 'web/test', 'web/test/a'])
  })

  it('fills in what .gitattributes says is substituted, and its build finds no change', async () => {
    const text = 'a $Format:%H%n%s$ b $Format:oneline$ \xff $Format:'
    const dir = repository({ '.gitattributes': 'v export-subst', v: text, w: text }, 'voilà')
    const build = ['git status --porcelain', 'git describe --always --dirty']
    const { artifact, output, revision } = await built(settings(dir, gitSource('.'), { build }))
    const archived = execFileSync('sh', ['-c', 'git archive HEAD v | tar -xO'], { cwd: dir }).toString('latin1')
    const { v, w } = await contentOf(artifact)
    expect(v).toBe(`644 ${archived}`)
    expect(v).toContain(`a ${revision?.commit}\nvoil\xc3\xa0 b oneline `)
    expect(w).toBe(`644 ${text}`)
    expect(output).toEqual([`stdout ${revision?.commit.slice(0, 7)}`])
  })

  it('has no program look at the signature that a format asks for', async () => {
    const canary = join(temporary(), 'pwned')
    const signature = '-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n'
    const signer = `#!/bin/sh\ncat >/dev/null; printf '\\n[GNUPG:] SIG_CREATED \\n' >&2; printf -- '${signature}'\n`
    const programs = fill(temporary(), { signer, evil: `#!/bin/sh\ntouch ${canary}\n` })
    const dir = repository({ '.gitattributes': 'v export-subst', v: '$Format:%G?$' })
    git(dir, '-c', `gpg.program=${programs}/signer`, 'commit', '--quiet', '--amend', '-S', '--no-edit')
    expect(git(dir, 'cat-file', 'commit', 'HEAD')).toContain('gpgsig')
    process.env.GIT_CONFIG_GLOBAL = join(fill(temporary(), { c: `[gpg]\n\tprogram = ${programs}/evil\n` }), 'c')
    const { artifact } = await built(settings(dir, gitSource('.'))).finally(() => delete process.env.GIT_CONFIG_GLOBAL)
    expect(await contentOf(artifact)).toMatchObject({ v: expect.stringMatching(/^644 [A-Z]$/) })
    expect(existsSync(canary)).toBe(false)
  })

  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`
  const images: Tree = { '.gitattributes': '*.png filter=lfs', 'a.png': pointer, 'b.png': 'content', c: 'x' }

  it('is refused with pointers of LFS in place of files', async () => {
    const dir = repository(images)
    await expect(built(settings(dir, gitSource('.')))).rejects.toMatchObject({
      message: 'pointers of Git LFS would be deployed in place of the files',
      details: ['a.png'],
      next: [expect.stringContaining('git lfs install'), 'or leave them out: .deployignore'],
      exitCode: 3,
    })
    const copying = settings(dir, gitSource('.'), { build: ['mkdir out; cp a.png out/logo'], include: ['out'] })
    await expect(built(copying)).rejects.toMatchObject({ details: ['out/logo'] })
    const cacheDir = temporary()
    for (const _ of ['read', 'remembered'])
      await expect(built(settings(dir, { kind: 'folder', dir }), { cacheDir })).rejects.toMatchObject({
        details: ['a.png'],
      })
    expect((await built(settings(dir, gitSource('.')), { offline: true })).artifact.warnings).toEqual([
      'offline, no filter of git (LFS, say) was run: its files are as git keeps them',
    ])
  })

  it('says when the build found pointers of LFS that are not deployed, but not when it fetched them', async () => {
    const dir = repository(images)
    const using = (build: string) => built(settings(dir, gitSource('.'), { build: [build], include: ['c'] }))
    expect((await using('true')).artifact.warnings).toEqual([
      expect.stringMatching(/^the build found pointers of Git LFS in place of files \(install .*\): a\.png$/),
    ])
    expect((await using('echo fetched >a.png')).artifact.warnings).toEqual([])
    expect((await built(settings(dir, gitSource('.'), { include: ['c'] }))).artifact.warnings).toEqual([])
  })

  it('is refused where it has submodules and nobody says whether they are wanted', async () => {
    const dir = repository({ a: 'x' })
    git(dir, 'submodule', '--quiet', 'add', repository({ 'lib.js': 'x' }), 'vendor/lib')
    commit(dir, {}, 'submodule')
    await expect(
      built(settings(dir, gitSource('.', { submodules: null }), { build: ['touch built'] })),
    ).rejects.toMatchObject({
      message: expect.stringMatching(/^commit [0-9a-f]{7} has submodules, and the config does not say/),
      details: ['vendor/lib'],
      next: [expect.stringContaining('submodules: true'), expect.stringContaining('submodules: false')],
      exitCode: 3,
    })
  })

  it('brings submodules only when asked', async () => {
    const lib = repository({ 'lib.js': 'x' })
    const dir = repository({ a: 'x' })
    git(dir, 'submodule', '--quiet', 'add', lib, 'vendor/lib')
    commit(dir, {}, 'submodule')
    const without = await built(settings(dir, gitSource('.')))
    expect(pathsOf(without.artifact)).toEqual(['.gitmodules', 'a', 'vendor', 'vendor/lib'])
    const asked = settings(dir, gitSource('.', { submodules: true }))
    await expect(built(asked)).rejects.toThrow(/^the submodules of [0-9a-f]{7} cannot be checked out$/)
    const global = join(temporary(), 'gitconfig')
    writeFileSync(global, '[protocol "file"]\n\tallow = always\n')
    process.env.GIT_CONFIG_GLOBAL = global
    const { artifact } = await built(asked).finally(() => delete process.env.GIT_CONFIG_GLOBAL)
    expect(pathsOf(artifact)).toEqual(['.gitmodules', 'a', 'vendor', 'vendor/lib', 'vendor/lib/lib.js'])
  })
})

describe('a build that fails', () => {
  it('names the command, how it ended and its last 20 lines, and leaves no checkout', async () => {
    const dir = repository({ a: 'x' })
    const cacheDir = temporary()
    const failing = 'seq 30; echo "cannot find x" >&2; exit 3'
    const building = built(settings(dir, gitSource('.'), { build: ['true', failing, 'touch never'] }), { cacheDir })
    const error = await building.catch((each: { details: string[] }) => each)
    expect(error).toMatchObject({ message: `the build failed: ${failing} exited with 3`, exitCode: 3 })
    expect((error as { details: string[] }).details).toHaveLength(20)
    expect((error as { details: string[] }).details).toContain('cannot find x')
    expect(workspacesIn(dir)).toEqual([])
  })

  it.each([
    ['kill -9 $$', 'was killed by SIGKILL (out of memory?)'],
    ['kill -TERM $$', 'was killed by SIGTERM'],
    ['no-such-command-here', 'exited with 127'],
  ])('says how: %s', async (command, how) => {
    const building = built(settings(temporary(), { kind: 'folder', dir: '.' }, { build: [command] }))
    await expect(building).rejects.toThrow(`the build failed: ${command} ${how}`)
  })

  it('is not taken from the cache the next time', async () => {
    const dir = repository({ a: 'x' })
    const flag = join(temporary(), 'flag')
    const config = settings(dir, gitSource('.'), { build: [`test -e ${flag}`] })
    const cacheDir = temporary()
    await expect(built(config, { cacheDir })).rejects.toThrow('the build failed')
    writeFileSync(flag, '')
    expect(pathsOf((await built(config, { cacheDir })).artifact)).toEqual(['a'])
  })
})

describe('a build that is interrupted', () => {
  it.each([
    ['that ends when asked', 'sleep 97531 & sleep 97531; wait'],
    ...exhaustive([
      ['that ignores being asked', "trap '' TERM; sleep 97531 & sh -c 'trap \"\" TERM; sleep 97531'; wait"] as const,
    ]),
  ] as const)('ends the whole group of processes %s, and rejects with the reason', async (_, command) => {
    const dir = temporary()
    const stop = new AbortController()
    const config = settings(dir, { kind: 'folder', dir: '.' }, { build: [`echo $$; ${command}`] })
    let group = ''
    const onOutput = (line: string) => {
      group = line
      stop.abort(new Error('Ctrl-C'))
    }
    await expect(built(config, { signal: stop.signal, onOutput })).rejects.toThrow('Ctrl-C')
    expect(group).toMatch(/^\d+$/)
    expect(() => process.kill(-Number(group), 0)).toThrow('ESRCH')
  })

  it('does not begin when the signal came before', async () => {
    const dir = temporary()
    const signal = AbortSignal.abort(new Error('Ctrl-C'))
    const config = settings(dir, { kind: 'folder', dir: '.' }, { build: ['touch ran'] })
    await expect(built(config, { signal })).rejects.toThrow('Ctrl-C')
    expect(readdirSync(dir)).toEqual([])
  })
})

exhaustively('ends what a build command leaves running, and does not wait for it', async () => {
  const dir = temporary()
  const config = settings(dir, { kind: 'folder', dir: '.' }, { build: ['sleep 97531 & echo $! > pid'] })
  const { artifact } = await built(config)
  expect(pathsOf(artifact)).toEqual(['pid'])
  expect(() => process.kill(Number(readFileSync(join(dir, 'pid'), 'utf8')), 0)).toThrow('ESRCH')
})

describe('building a folder', () => {
  it('runs the commands in the folder of the config, then packs the one that is named', async () => {
    const root = fill(temporary(), { 'src/a': 'x', 'dist/old': 'x' })
    const config = settings(root, { kind: 'folder', dir: 'dist' }, { build: ['cp src/a dist/a'] })
    const { artifact } = await built(config)
    expect(pathsOf(artifact)).toEqual(['a', 'old'])
    expect(artifact.revision).toBe(null)
  })

  it('is done anew each time', async () => {
    const root = fill(temporary(), { 'dist/a': 'x' })
    const config = settings(root, { kind: 'folder', dir: 'dist' })
    const cacheDir = temporary()
    const first = await built(config, { cacheDir })
    fill(root, { 'dist/a': 'y' })
    const second = await built(config, { cacheDir })
    expect(second.artifact.digest).not.toBe(first.artifact.digest)
  })
})

describe('what git tracks below a shared folder', () => {
  const tree = {
    a: 'x',
    'storage/.gitignore': '*.log\n',
    'storage/app/.gitignore': '*\n!.gitignore\n',
    'storage/binary': 'a\0b',
    'storage/link': '-> .gitignore',
    'storage/left-out': 'x',
    'storage/large': 'x'.repeat(17_000),
    '.deployignore': 'left-out',
  }
  const more = {
    build: ['echo made >storage/made; echo built >storage/.gitignore'],
    shared: { dirs: ['storage'], files: [] },
  }

  it('is what the folder begins with on a host, as it is after the build, and is known of a build in the cache', async () => {
    const config = settings(repository(tree), gitSource('.'), more)
    const cacheDir = temporary()
    for (const { artifact } of [await built(config, { cacheDir }), await built(config, { cacheDir })]) {
      expect(artifact.skeleton).toEqual({
        'storage/.gitignore': 'built\n',
        'storage/app/.gitignore': '*\n!.gitignore\n',
      })
      expect(artifact.warnings).toContain(
        'not put into empty shared folders, which get text files of 16 KiB altogether: storage/binary, storage/large',
      )
    }
  })
})

describe('a commit that was built before', () => {
  const dir = () => repository({ a: 'x', 'sub/a': 'y', 'uploads/x': 'x' })
  const counting = (file: string) => ({
    build: [`echo built >> ${file}; : "$NAMED $PWD"`],
    shared: { dirs: ['uploads'], files: [] },
  })

  it('is not built again, and brings the same artifact and warnings', async () => {
    const count = join(temporary(), 'count')
    const config = settings(dir(), gitSource('.'), counting(count))
    const cacheDir = temporary()
    const one = await built(config, { cacheDir })
    const two = await built(config, { cacheDir })
    expect(readFileSync(count, 'utf8')).toBe('built\n')
    expect(two.artifact).toMatchObject({ digest: one.artifact.digest, revision: one.revision })
    expect(two.artifact.warnings).toEqual(['left out, because the hosts use their own in shared/: uploads'])
    expect(await contentOf(two.artifact)).toEqual(await contentOf(one.artifact))
  })

  it.each<readonly [string, object, Record<string, unknown>]>([
    ['it is forced', {}, { force: true }],
    ['another commit', { ref: 'other' }, {}],
    ['another value of a variable that it names', {}, { named: 'b' }],
    ...exhaustive<readonly [string, object, Record<string, unknown>]>([
      ['another include', {}, { include: ['a'] }],
      ['another subdir', { subdir: 'sub' }, {}],
      ['with submodules', { submodules: true }, {}],
      ['another root', {}, { releaseRoot: 'sub' }],
      ['other shared paths', {}, { shared: nothingShared }],
      ['other variables', {}, { buildEnv: { A: 'b' } }],
      ['its artifact is gone', {}, { prune: true }],
    ]),
  ])('is built again when %s', async (_, source, more) => {
    const [root, count, cacheDir] = [dir(), join(temporary(), 'count'), temporary()]
    git(root, 'branch', 'other')
    git(root, 'checkout', '--quiet', 'other')
    commit(root, { b: 'x' })
    const { force = false, prune = false, named, ...config } = more
    await built(settings(root, gitSource('.'), counting(count)), { cacheDir })
    if (prune) rmSync(join(cacheDir, 'artifacts'), { recursive: true })
    if (named) process.env.NAMED = `${named}`
    await built(settings(root, gitSource('.', source), { ...counting(count), ...config }), {
      cacheDir,
      force: force === true,
    })
    expect(readFileSync(count, 'utf8')).toBe('built\nbuilt\n')
  })

  it('is known by its digest for what shared folders begin with', async () => {
    const cacheDir = temporary()
    const root = repository({ a: 'x', 'uploads/.gitignore': '*\n' })
    const { artifact } = await built(settings(root, gitSource('.'), { shared: { dirs: ['uploads'], files: [] } }), {
      cacheDir,
    })
    expect(skeletonBuilt(cacheDir, artifact.digest)).toEqual({ 'uploads/.gitignore': '*\n' })
    expect(skeletonBuilt(cacheDir, `sha256:${'0'.repeat(64)}`)).toEqual({})
    expect(skeletonBuilt(temporary(), artifact.digest)).toEqual({})
  })

  it('is built again when its frozen content was cut', async () => {
    const [root, count, cacheDir] = [dir(), join(temporary(), 'count'), temporary()]
    const config = settings(root, gitSource('.'), counting(count))
    const { artifact } = await built(config, { cacheDir })
    for (const pack of packsOf(cacheDir, artifact.digest)) writeFileSync(pack, '')
    const again = await built(config, { cacheDir })
    expect(readFileSync(count, 'utf8')).toBe('built\nbuilt\n')
    expect(await contentOf(again.artifact)).toEqual({ a: '644 x', 'sub/': 'folder 755', 'sub/a': '644 y' })
  })
})

it('is never what somebody put into the cache of the project, as if it had been built there', async () => {
  const root = repository({ a: 'x' })
  const [ref, cacheDir] = [git(root, 'rev-parse', 'HEAD'), join(root, '.clonedeploy/cache')]
  const config = settings(root, gitSource('.', { ref }), { build: ['cp a b'] })
  const evil = await packFolder({
    dir: fill(temporary(), { evil: 'x' }),
    include: null,
    shared: nothingShared,
    cacheDir,
  })
  const key = buildKey(ref, '.', false, config, process.env)
  commit(root, { [`.clonedeploy/cache/builds/${key}`]: `${evil.digest}\n` })
  expect(pathsOf((await built(config, { cacheDir })).artifact)).toEqual(['a', 'b'])
  expect(pathsOf((await built(config, { cacheDir })).artifact)).toEqual(['a', 'b'])
})

it('removes the checkout of a process that was killed', async () => {
  const root = repository({ a: 'x' })
  const workspaces = fill(workspacesOf(root), { '1/source/x': 'x' })
  const ended = execFileSync('sh', ['-c', 'echo $$']).toString().trim()
  const host = execFileSync('uname', ['-n']).toString()
  writeFileSync(join(workspaces, '1/owner'), `${ended} ${host}`)
  const { output } = await built(settings(root, gitSource('.'), { build: ['pwd'] }))
  expect(output).toEqual([`stdout ${workspaces}/1/source`])
  expect(workspacesIn(root)).toEqual([])
})

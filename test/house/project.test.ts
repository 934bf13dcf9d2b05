/**
 * What holds for the project as a whole: the papers that it must have, a reason for each dependency, and that it speaks of
 * itself alone, never of the machine on which it was written.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { pathsUnder } from './source-file.ts'

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly bin: Readonly<Record<string, string>>
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest

for (const path of [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'peers.json',
  'docs/protocol.md',
]) {
  test(`the project has ${path}`, (t) => {
    t.true(existsSync(path) && readFileSync(path, 'utf8').length > 100)
  })
}

test('each run-time dependency has a decision that names it in its title', (t) => {
  const folder = 'docs/decisions'
  const titles = readdirSync(folder).map(
    (name) => readFileSync(`${folder}/${name}`, 'utf8').split('\n')[0] ?? '',
  )
  const names = Object.keys(manifest.dependencies)
  t.true(names.length > 0)
  t.deepEqual(
    names.filter((name) => !titles.some((title) => title.split(/[\s:,]+/).includes(name))),
    [],
  )
})

test('decisions are numbered without a gap and say problem, options, choice and price', (t) => {
  const names = readdirSync('docs/decisions').sort()
  for (const [index, name] of names.entries()) {
    t.regex(name, new RegExp(`^${String(index + 1).padStart(3, '0')}-[a-z0-9-]+\\.md$`))
    const text = readFileSync(`docs/decisions/${name}`, 'utf8')
    for (const part of ['Problem', 'Options', 'Choice', 'Price'])
      t.true(text.includes(`**${part}.**`), `${name}: ${part}`)
  }
})

test('everything that package.json promises to others is there', (t) => {
  const promised = [...Object.values(manifest.bin), ...Object.values(manifest.exports)]
  const paths = promised.flatMap((one) => (typeof one === 'string' ? [one] : Object.values(one)))
  // What is compiled is promised by its source; what is bundled of it was made before the tests run.
  const sources = paths.map((path) => path.replace(/^\.\/dist\/(src\/.*?)(\.d\.ts|\.js)$/, './$1.ts'))
  t.true(sources.length >= 6)
  t.deepEqual(
    sources.filter((path) => !existsSync(path)),
    [],
  )
})

const FOLDERS = ['.ci', 'bench', 'bin', 'docs', 'examples', 'schema', 'scripts', 'src', 'test']
const IS_TEXT = /\.(?:[cm]?[jt]s|json|md|txt|ya?ml|sh)$|(?:^|\/)(?:[A-Z]+|run|cluster|\.\w+)$/

/** All texts of the project but the lock file, whose addresses are checked on their own. */
function texts(): readonly { readonly path: string; readonly text: string }[] {
  const inFolders = FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) => pathsUnder(folder, ''))
  const atTop = readdirSync('.', { withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [entry.name] : [],
  )
  return [...inFolders, ...atTop.filter((name) => name !== 'package-lock.json' && !name.startsWith('ava.h'))]
    .filter((path) => IS_TEXT.test(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

/** The samples stand in pieces, so that this file does not find itself. */
const HOME_PATHS = new RegExp(`(?<![\\w.~-])/(?:${['home', 'work', 'root', 'Users', 'mnt'].join('|')})/\\w`)
const REGISTRIES = new RegExp(
  ['regis' + 'try=', '//regis' + 'try\\.', '_auth' + 'Token', 'arti' + 'factory'].join('|'),
  'i',
)

test('the project names no folder of a machine and no package registry', (t) => {
  const all = texts()
  t.true(all.length > 50)
  const found = all.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        HOME_PATHS.test(line) || REGISTRIES.test(line) ? [`${path}:${index + 1}: ${line}`] : [],
      ),
  )
  t.deepEqual(found, [])
})

test('the search for folders of a machine finds what it is to find', (t) => {
  t.regex(`cd /${'work'}/x`, HOME_PATHS)
  t.regex(`"/${'home'}/me/x"`, HOME_PATHS)
  t.notRegex('src/work/x and ./home/x', HOME_PATHS)
  t.regex(`https://${'regis'}try.example.com/x`, REGISTRIES)
})

test('the lock file fetches from the public registry or says nothing of where', (t) => {
  const lock = readFileSync('package-lock.json', 'utf8')
  const hosts = [...lock.matchAll(/"resolved": "([a-z+]+:\/\/[^/"]+)/g)].map((match) => match[1])
  t.deepEqual(
    hosts.filter((host) => host !== `https://${'regis'}try.npmjs.org`),
    [],
  )
})

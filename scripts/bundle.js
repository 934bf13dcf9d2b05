/**
 * Bundles what tsc compiled, because Node.js takes a third to a half of a millisecond to find and load each of a hundred
 * small modules. The command, dist/src/cli/main.js with all that it imports, becomes dist/command/zmqnet.cjs; yargs beside
 * it is for help and completion only. There too go V8's code for the Node.js that builds (bin/zmqnet.js says why) and the
 * licences of what was taken in. The library becomes dist/library/, its types stay where tsc put them.
 *
 * zeromq stays outside, for its add-on, and so does winston, because few need it. The tests run what tsc compiled, but
 * for those that start the command.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { build } from 'esbuild'
import command from '../bin/zmqnet.js'
import { filesUnder, ROOT } from './setup.js'

const FOLDER = join(ROOT, 'dist', 'command')
const LIBRARY = join(ROOT, 'dist', 'library')
const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'warning',
}

/** Only help and completion load yargs. */
const yargsApart = {
  name: 'yargs apart',
  setup(bundler) {
    bundler.onResolve({ filter: /^yargs$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: './yargs.cjs', external: true },
    )
  },
}

// The code goes before the program that it belongs to.
rmSync(FOLDER, { recursive: true, force: true })
mkdirSync(FOLDER, { recursive: true })
const inputs = [
  ...(await bundle({
    entry: 'dist/src/cli/main.js',
    name: 'zmqnet.cjs',
    origin: "__dirname + '/../src/cli/main.js'",
    end: '',
  })),
  ...(await bundle({
    entry: 'yargs',
    name: 'yargs.cjs',
    origin: "require.resolve('yargs') + '/../lib/platform-shims/esm.mjs'",
    // What a CommonJS module exports is the default for those that import it.
    end: 'module.exports = module.exports.default',
  })),
]
writeFileSync(join(FOLDER, 'LICENSES.txt'), licences(inputs))
writeCode()
await bundleLibrary()

/** `origin` is where the modules believe to lie. Gives the paths of the files that were taken in. */
async function bundle({ entry, name, origin, end }) {
  const { metafile } = await build({
    ...COMMON,
    entryPoints: [entry],
    outfile: join(FOLDER, name),
    format: 'cjs',
    external: ['zeromq', 'winston'],
    plugins: [yargsApart],
    // A script that starts from V8's code cannot do `import()`.
    supported: { 'dynamic-import': false },
    metafile: true,
    define: { 'import.meta.url': 'originalUrl' },
    banner: { js: `'use strict'\nconst originalUrl = require('node:url').pathToFileURL(${origin}).href` },
    footer: { js: end },
  })
  return Object.keys(metafile.inputs)
}

/** One file for each entry, and one that they share: an error of the one is an error of the other. */
async function bundleLibrary() {
  rmSync(LIBRARY, { recursive: true, force: true })
  await build({
    ...COMMON,
    entryPoints: { index: 'dist/src/index.js', sim: 'dist/src/sim/index.js' },
    outdir: LIBRARY,
    format: 'esm',
    splitting: true,
    packages: 'external',
  })
}

/** Compiles all functions, not only those of one run, so that nothing needs to be run for it. */
function writeCode() {
  setFlagsFromString('--no-lazy')
  const program = command.compile()
  // Code is good only for the flags that V8 had when it was written down.
  setFlagsFromString('--lazy')
  writeFileSync(command.codePath, program.createCachedData())
}

/** The licence of each package of which a file was taken in. */
function licences(paths) {
  const packages = new Set(
    paths.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  )
  const texts = [...packages].sort().map((name) => {
    const folder = join(ROOT, 'node_modules', name)
    const path = filesUnder(folder).find((file) => /^licen[cs]e/i.test(file.slice(folder.length + 1)))
    if (path === undefined)
      throw new Error(`The package ${name} has no licence, so that nobody may bundle it`)
    return `This folder contains parts of ${name}, under this licence:\n\n${readFileSync(path, 'utf8').trim()}\n`
  })
  return texts.join('\n\n')
}

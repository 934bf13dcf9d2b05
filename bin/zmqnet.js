#!/usr/bin/env node
/**
 * The command `zmqnet`. The program is src/cli/main.ts; this file finds what the build made of it (scripts/bundle.js) and
 * starts it. It is CommonJS, as package.json in this folder says, because the loader of ES modules takes 3 ms to wake up,
 * and because a CommonJS program can start from code that V8 compiled before: 14 of 60 ms. Node.js 22.8 and newer keep
 * such code by themselves; for older ones the build wrote it down, for the Node.js that it ran on. Any other compiles.
 *
 * It reads no arguments and knows no commands.
 */
'use strict'

const { existsSync, readFileSync } = require('node:fs')
const { createRequire, enableCompileCache } = require('node:module')
const { dirname, join } = require('node:path')
const { Script } = require('node:vm')

const PROGRAM = join(__dirname, '..', 'dist', 'command', 'zmqnet.cjs')
/** The name says all that the code depends on, besides the program; V8 looks at versions, but not at everything. */
exports.codePath = join(
  dirname(PROGRAM),
  `zmqnet-${process.version}-${process.platform}-${process.arch}.code`,
)

/** Compiles the program, with or without code. The build uses it as well, for the code to fit. */
exports.compile = (code) => {
  // The bundle is pure ASCII, and as latin1 V8 takes it as it is. On the first line, the wrapper moves no other.
  const source = readFileSync(PROGRAM, 'latin1')
  return new Script(`(function (exports, require, module, __filename, __dirname) { ${source}\n})`, {
    filename: PROGRAM,
    cachedData: code,
  })
}

if (require.main === module) start()

function start() {
  if (!existsSync(PROGRAM)) {
    process.stderr.write('zmqnet is not built yet: run "npm start" or "npm run build" in its folder first\n')
    process.exitCode = 1
  } else if (enableCompileCache === undefined) {
    startFromCode()
  } else {
    enableCompileCache()
    require(PROGRAM)
  }
}

/** Code that V8 does not like, it ignores. */
function startFromCode() {
  const program = exports.compile(readCode()).runInThisContext()
  const own = { exports: {} }
  program.call(own.exports, own.exports, createRequire(PROGRAM), own, PROGRAM, dirname(PROGRAM))
}

function readCode() {
  try {
    return readFileSync(exports.codePath)
  } catch {
    return undefined
  }
}

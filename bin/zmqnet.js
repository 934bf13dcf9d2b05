#!/usr/bin/env node
// The command `zmqnet`. The program is src/cli/main.ts; this file only finds what was compiled from it.
import { existsSync } from 'node:fs'

const program = new URL('../dist/src/cli/main.js', import.meta.url)
if (existsSync(program)) await import(program.href)
else {
  process.stderr.write('zmqnet is not built yet: run "npm start" or "npm run build" in its folder first\n')
  process.exitCode = 1
}

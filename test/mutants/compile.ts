/**
 * Compiles mutated sources, all in one run of the compiler. Each is compiled for itself and without a check of its types:
 * what is wanted is the JavaScript that the ordinary build would have made of it.
 */

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Mutant, plant } from './mutant.ts'

/** Compiles every mutant below `folder`; gives the path of the JavaScript of each. Throws when one does not compile. */
export function compileMutants(
  root: string,
  folder: string,
  mutants: readonly Mutant[],
): ReadonlyMap<Mutant, string> {
  const sources = join(folder, 'sources')
  const outputs = join(folder, 'outputs')
  const compiled = new Map<Mutant, string>()
  for (const [index, mutant] of mutants.entries()) {
    const path = join(String(index), mutant.file)
    mkdirSync(dirname(join(sources, path)), { recursive: true })
    writeFileSync(join(sources, path), plant(mutant, readFileSync(join(root, mutant.file), 'utf8')))
    compiled.set(mutant, join(outputs, path.replace(/\.ts$/, '.js')))
  }
  // Without it, the compiler takes the sources for CommonJS.
  writeFileSync(join(sources, 'package.json'), '{ "type": "module" }\n')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(configOf(root, sources, outputs)))
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  execFileSync(process.execPath, [compiler, '--project', folder], { stdio: ['ignore', 'inherit', 'inherit'] })
  return compiled
}

function configOf(root: string, sources: string, outputs: string): object {
  return {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      rootDir: sources,
      outDir: outputs,
      noCheck: true,
      noResolve: true,
      types: [],
      declaration: false,
      sourceMap: false,
      incremental: false,
      tsBuildInfoFile: null,
    },
    include: [`${sources}/**/*.ts`],
    exclude: [],
  }
}

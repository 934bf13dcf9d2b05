/**
 * The environment of processes that tests start: this one, without what would change their output or slow their start.
 * It does not choose anything for them: what a test wants in it, it adds.
 */

/** An extra certificate file costs every start of Node 100 ms; the others change what zmqnet writes or reads. */
const UNWANTED = [
  'NODE_EXTRA_CA_CERTS',
  'NO_COLOR',
  'FORCE_COLOR',
  'PEERS_PATH',
  'ZMQNET_DEBUG',
  'ZMQNET_KEY',
]

export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env }
  for (const name of UNWANTED) delete env[name]
  return { ...env, ...extra }
}

/**
 * All mutants. Each breaks one clause of docs/protocol.md. docs/mutants.md says how they are hunted.
 */

import { LIVENESS_MUTANTS } from './liveness-mutants.ts'
import { MESH_MUTANTS } from './mesh-mutants.ts'
import type { Mutant } from './mutant.ts'
import { ONEWAY_MUTANTS } from './oneway-mutants.ts'
import { RPC_MUTANTS } from './rpc-mutants.ts'
import { SECURITY_MUTANTS } from './security-mutants.ts'
import { SESSION_MUTANTS } from './session-mutants.ts'
import { TRANSFER_MUTANTS } from './transfer-mutants.ts'
import { TRANSPORT_MUTANTS } from './transport-mutants.ts'
import { WIRE_MUTANTS } from './wire-mutants.ts'

export const MUTANTS: readonly Mutant[] = [
  ...RPC_MUTANTS,
  ...ONEWAY_MUTANTS,
  ...MESH_MUTANTS,
  ...SESSION_MUTANTS,
  ...SECURITY_MUTANTS,
  ...LIVENESS_MUTANTS,
  ...TRANSFER_MUTANTS,
  ...TRANSPORT_MUTANTS,
  ...WIRE_MUTANTS,
]

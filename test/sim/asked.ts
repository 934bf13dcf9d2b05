/** Operations that were asked for, for histories that judges are tested with: alpha asks bravo, or everybody. */

import type { Asked } from '../../src/sim/history.ts'

export const request: Asked = {
  kind: 'asked',
  atMs: 100,
  id: 'alpha-1',
  operation: 'request',
  caller: 'alpha',
  callees: ['bravo'],
  deadlineMs: 400,
  idempotent: false,
}

export const broadcast: Asked = { ...request, operation: 'broadcast', callees: ['bravo', 'charlie'] }

/**
 * What the other end of a connection said of its abilities: in Welcome on a link, in Hello on a session.
 */

import type { ConnectionId } from '../base/ids.ts'
import type { Ability } from '../transfer/transfers.ts'
import { CAPABILITY_TRANSFERS } from '../wire/limits.ts'
import type { Outreach } from './outreach.ts'
import type { Reception } from './reception.ts'

/** Undefined while nobody is known to be at the other end. */
export function abilityAt(
  { links }: Outreach,
  { sessions }: Reception,
  connection: ConnectionId,
): Ability | undefined {
  const link = links.get(connection)
  if (link !== undefined) return link.session === undefined ? undefined : link
  const hello = sessions.get(connection)?.hello
  if (hello === undefined) return undefined
  const takesTransfers = (hello.capabilities & CAPABILITY_TRANSFERS) !== 0
  return { takesTransfers, maxBodyBytes: hello.maxBodyBytes }
}

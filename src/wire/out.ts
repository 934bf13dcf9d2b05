/**
 * The two effects that a machine may have: it sends a message on a connection, or it tells its owner that something
 * happened. Nothing else leaves a pure room.
 */

import type { ConnectionId } from '../base/ids.ts'
import type { Message } from './messages.ts'

/** Where a machine puts its effects. `Event` is the union of what this machine can tell. */
export interface Out<Event> {
  /**
   * Gives whether the message was taken. Most machines need not know: what was not taken comes back to its owner
   * (UnsentCause), but for a reply or a reject, whose sender is told here and nowhere else.
   */
  send(to: ConnectionId, message: Message): boolean
  tell(event: Event): void
}

/** Why a message never left: its time was over, its queue had no room, or its connection went down. */
export type UnsentCause = 'expired' | 'full' | 'down'

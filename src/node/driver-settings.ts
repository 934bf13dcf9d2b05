/**
 * What a driver is made from, and whom it tells what happens.
 */

import type { PeerConfig } from './api.ts'
import type { CoreEvent } from './core.ts'
import type { CoreSettings } from './core-settings.ts'

/** What a driver is made from. */
export interface DriverSettings extends Omit<CoreSettings, 'peers' | 'queuedBytes' | 'trusted'> {
  readonly peers: readonly PeerConfig[]
}

/** Where a driver hands on what happens. */
export interface DriverOwner {
  onEvent(event: CoreEvent): void
  /** Something about the transport that is no event of the protocol: a sentence for the log. */
  onFault(text: string): void
  /** Strangers were refused before they could say anything. */
  onStrangers?(address: string, text: string): void
}

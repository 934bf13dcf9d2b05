/**
 * The actions of `zmqnet keys`, and which options each of them takes. It stands apart from what they do, because the shell
 * completion wants their names and nothing else.
 */

/** An action as its user sees it. */
export interface KeysActionFace {
  readonly options: readonly string[]
  readonly needsName: boolean
  readonly takesFiles: boolean
}

export type KeysAction = 'new' | 'trust' | 'show' | 'rotate' | 'revoke'

export const keysActions: Readonly<Record<KeysAction, KeysActionFace>> = {
  new: { options: ['name', 'client', 'dir', 'key', 'force'], needsName: true, takesFiles: false },
  trust: { options: ['name', 'dir'], needsName: false, takesFiles: true },
  show: { options: ['name', 'dir', 'key'], needsName: false, takesFiles: true },
  rotate: { options: ['name', 'dir', 'key', 'overlap', 'force'], needsName: true, takesFiles: false },
  revoke: { options: ['name', 'client'], needsName: true, takesFiles: false },
}

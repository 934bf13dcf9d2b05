/**
 * The names of the verbs that every node answers by itself. They stand here because the peers file names them in its
 * rules, and the room that reads it knows nothing of node/built-in-verbs.ts, where they are answered.
 */

/** The verb that a client's message has when it reaches the members. Users may replace its handler. */
export const MESSAGE_VERB = 'message'
/** Asks a node to pass a message on to all others and to answer with the tally. */
export const RELAY_VERB = 'zmqnet.message'
export const ECHO_VERB = 'zmqnet.echo'
export const SINK_VERB = 'zmqnet.sink'
export const CAST_VERB = 'zmqnet.cast'
export const STATUS_VERB = 'zmqnet.status'

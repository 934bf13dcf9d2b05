/**
 * Every bound of the wire, by name, with its arithmetic. A limit here is part of the protocol (docs/protocol.md, clauses
 * B60 and B61): a sender that stays inside it is understood by every receiver, and a receiver may refuse what goes beyond.
 *
 * Bounds of queues and windows are not here: they belong to the machines that hold them.
 */

/** The first byte of every frame 1: the letter z. */
export const FRAME_MAGIC = 0x7a

/** The second byte of every frame 1: how the rest is to be read. */
export const FRAME_FORMAT = 1

/** Magic and format. */
export const FRAME_HEADER_BYTES = 2

/** The largest body that may travel whole, in one ZeroMQ message; larger ones are cut into chunks. */
export const WHOLE_BODY_BYTES = 1024 * 1024

/** The largest body by default. A node says its own limit in Hello and Welcome; functions take it as an argument. */
export const DEFAULT_MAX_BODY_BYTES = 64 * 1024 * 1024

/** The limits that may be configured: below, no error would find room; above, one buffer could not hold it on 32 bits. */
export const LOWEST_MAX_BODY_BYTES = 1024
export const HIGHEST_MAX_BODY_BYTES = 1024 * 1024 * 1024

/**
 * How bodies in chunks travel (clauses T1 to T22). These four belong together, and this is the place to tune them.
 *
 * A body from the first size on is cut. What is smaller delays a heartbeat behind it by half a millisecond on a network of
 * 10 Gbit/s, and a body that travels whole costs the receiver no copy: of 1 MiB, whole ones were measured to take three
 * fifths of the processor time, so that up to WHOLE_BODY_BYTES a quiet connection has them whole (transfer/whole.ts).
 */
export const TRANSFER_BODY_BYTES = 512 * 1024
/** The size of a chunk: what a heartbeat waits for at most in our own queue. Each costs some 50 µs, whatever its size. */
export const TRANSFER_CHUNK_BYTES = 128 * 1024
/**
 * What a receiver lets a sender have on the way, for each transfer; credit is given anew at each half of it. A request
 * beside a transfer took 1.5 times as long as alone with 256 KiB, twice with 512 KiB and four times with 1 MiB, at which
 * the transfer itself was a tenth faster.
 */
export const TRANSFER_WINDOW_BYTES = 512 * 1024
/**
 * What may follow an Offer before any credit came, so that no round trip is lost. An offer that is declined costs so much
 * of the network, and no memory. It is a constant of the protocol.
 */
export const TRANSFER_FREE_BYTES = 512 * 1024
/**
 * So many of the largest bodies may be held for one peer, in each of the books that bound what a peer costs: two, so
 * that one can be asked for while another is answered. Bodies below TRANSFER_BODY_BYTES have bounds of their own.
 */
export const LARGE_BODIES_PER_PEER = 2

/**
 * A batch is cut before it grows beyond this. Cost per message sent is about 5-10 µs whatever its size, so 64 KiB
 * already spread it over hundreds of envelopes; larger frames would only delay the heartbeats behind them.
 */
export const FRAME_TARGET_BYTES = 64 * 1024

/**
 * Bodies from this size on travel as a second frame, without a copy. Below it, one memcpy (8 KiB: about 0.3 µs) is
 * cheaper than the second frame of a message. At most an eighth of a batch, so that an envelope always fits into one.
 */
export const EXTERNAL_BODY_BYTES = 8 * 1024

/**
 * The largest frame that a node must be able to receive, and with that ZeroMQ's `maxMessageSize` (ZMQ_MAXMSGSIZE, which
 * counts each frame for itself). libzmq cuts the connection at a larger one and tells nobody why. So there is room for
 * a body that is a little too large to arrive and be refused in words, and for a foreign sender that keeps a body of
 * exactly the limit in frame 1.
 */
export const MAX_FRAME_BYTES: number = WHOLE_BODY_BYTES + FRAME_TARGET_BYTES

/** What `sizeOf` says at least, so that a batch that fits by bytes also fits by number. */
export const MIN_SIZE_ESTIMATE_BYTES = 16

/**
 * The most envelopes in a frame: a hostile frame of 1 MiB could hold 524,288 empty ones. Our own batches hold at most
 * (65,536 - 2) / 16 = 4,095, because no envelope is estimated at less than 16 bytes.
 */
export const MAX_ENVELOPES_PER_FRAME = FRAME_TARGET_BYTES / MIN_SIZE_ESTIMATE_BYTES

/** The longest verb, in bytes of UTF-8; its length fits in one byte. */
export const MAX_VERB_BYTES = 255

/** The longest name of a node, a client or a network, in bytes of UTF-8: a DNS label has 63. */
export const MAX_NAME_BYTES = 64

/** The longest host token in Welcome, in bytes: 128 bits in hexadecimal take 32. */
export const MAX_HOST_TOKEN_BYTES = 64

/** The longest shortcut in Welcome, in bytes: `ipc://` and the 107 that a Unix socket's address holds. */
export const MAX_SHORTCUT_BYTES = 113

/** The longest error code of a handler, in bytes of UTF-8; longer ones are cut on a character boundary. */
export const MAX_CODE_BYTES = 64

/** The longest sentence for people in Refuse and Reject, in bytes of UTF-8; longer ones are cut likewise. */
export const MAX_TEXT_BYTES = 1024

/** The most ranges in one Ack: 64 x 16 bytes is 1 KiB at worst. What does not fit goes into the next Ack. */
export const MAX_ACK_RANGES = 64

/** The highest attempt that can be told; 255 means "255 or more". */
export const MAX_ATTEMPT = 255

/** Bit 0 of the capabilities in Hello and Welcome: whoever says it takes transfers (clauses T1 to T20). */
export const CAPABILITY_TRANSFERS = 1

/** What a nonce and a proof take, in bytes: what SHA-256 gives. */
export const PROOF_BYTES = 32

/** The most fields in Hello, Welcome, Refuse and Challenge. Version 1 has 12; the rest is room for later versions. */
export const MAX_FIELDS = 64

/**
 * "Until the end of time": what a deadline of Infinity is on the wire, and the largest remaining time that may stand
 * there. 2^48 - 1 ms are 8,900 years; added to any clock it stays a safe integer, and it takes 7 bytes, not 8.
 */
export const FOREVER_MS = 2 ** 48 - 1

/** How deep arrays and maps may nest in a msgpack body; the outermost counts 1. */
export const MAX_BODY_DEPTH = 32

/**
 * The most values that `encodeBody` visits. Each takes a byte or more, so beyond 4 Mi the body is far too large
 * anyway; without the bound, a value that holds itself twice on 32 levels would take 2^32 steps to find that out.
 */
export const MAX_BODY_VALUES = 4 * 1024 * 1024

/**
 * What decoding a msgpack body may cost in memory: this many times its own size, plus a constant that leaves ordinary
 * small bodies alone. Without it, 8 MiB of empty maps cost 3 s and 586 MiB. Rows such as {"id":1,"name":"x"} come to
 * 7 times their size. bench/decode-worst.ts looks for the worst body of 1 MiB inside of it: 11 MiB.
 */
export const BODY_COST_FACTOR = 8
export const BODY_COST_CONSTANT_BYTES = 1024 * 1024

/** The parts of that estimate, in bytes of V8's heap on a 64-bit machine. */
export const COST_SLOT_BYTES = 8 // each value, and each key: a slot of its container
export const COST_MAP_BYTES = 64 // an object with its in-object slots
export const COST_ARRAY_BYTES = 32 // an array and the header of its elements
export const COST_STRING_BYTES = 24 // a string's header; its bytes are covered by the factor. Of one byte or none: nothing, V8 has those
export const COST_BINARY_BYTES = 96 // a view of the received bytes
export const COST_DATE_BYTES = 128 // a Date with its number; 100 were measured
export const COST_NUMBER_BYTES = 16 // a number that is no integer of 32 bits
export const COST_DICTIONARY_ENTRY_BYTES = 64 // an entry of a map with many keys, which V8 keeps as a hash table
/** Maps up to this many entries are taken for records, which share what describes them. V8 keeps 20 as a hash table. */
export const RECORD_ENTRIES = 16
/**
 * What a record with other keys than those before it costs more: this once, and for each of its entries. Measured were 136
 * for one entry, 266 for 4, 524 for 8 and 888 for 16; a hidden class or a hash table, and the texts of the keys.
 */
export const COST_STRANGE_BYTES = 64

/**
 * Up to this size, no body comes above 8 times its size plus 1 MiB, whatever its texts as keys: no byte costs more than an
 * empty map in an array, 64 + 8, and 16 Ki x 72 is just that. Only numbers as keys can cost more, 12,416 bytes for three digits.
 */
export const HARMLESS_BODY_BYTES =
  BODY_COST_CONSTANT_BYTES / (COST_MAP_BYTES + COST_SLOT_BYTES - BODY_COST_FACTOR)

/**
 * So many steps are remembered of a body, a step being a key and all keys before it in its map; then all are forgotten.
 * Ordinary data has as many as its kinds of rows have columns; rows with any of 12 columns that may be missing have 4,095.
 * 112 KiB hold what is to be known of them.
 */
export const KNOWN_STEPS = 4096

/**
 * Keys as the house passes them around: those of CURVE (Curve25519, RFC 7748), as text. They stand here because the
 * transport pins the same keys by which names are proven inside the protocol, and knows none of the protocol's rooms.
 */

/** A public key in Z85, 40 characters. */
export type PublicKey = string

/** A key pair in Z85. The secret half never leaves the process: it is in no log, no error and no status. */
export interface KeyPair {
  readonly publicKey: PublicKey
  readonly secretKey: string
}

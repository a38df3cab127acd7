package io.signet.attestation.oidc;

import java.io.IOException;

/** Where the keys of an issuer come from. Bounds its own time. */
interface KeySource extends AutoCloseable {

  /** The JWK set of now. */
  String read() throws IOException;

  @Override
  default void close() {}
}

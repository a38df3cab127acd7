package io.signet.sds;

import java.util.function.Consumer;

/** Where an endpoint gets its secrets from; the certificate authority implements it. */
public interface SecretSource {

  /**
   * Begins to feed the secrets of an attested caller: the first snapshot as soon as there is one,
   * then a new one at each change, until the feed is closed. Does not block; the listener is called
   * on threads of the source, never two at a time.
   */
  Feed open(Holder caller, Consumer<Snapshot> listener);

  /** An open feed; closing it ends the calls to its listener. */
  interface Feed extends AutoCloseable {
    @Override
    void close();
  }
}

package io.signet.sds;

/** Where an endpoint gets its secrets from; the certificate authority implements it. */
public interface SecretSource {

  /**
   * Begins to feed the secrets of an attested caller: the first snapshot as soon as there is one,
   * then a new one at each change, until the feed is closed. Does not block; the listener is called
   * on threads of the source, never two at a time.
   */
  Feed open(Holder caller, Listener listener);

  /** Who is fed. */
  interface Listener {
    void changed(Snapshot snapshot);

    /** The caller may not have any more what it had; nothing follows. */
    void withdrawn();
  }

  /** An open feed; closing it ends the calls to its listener. */
  interface Feed extends AutoCloseable {
    @Override
    void close();
  }
}

package io.signet.e2e.bench;

/** The two streams of a proxy's connection, as Envoy opens them: one for each secret (EF-1). */
enum ProxyStream {
  SVID(1),
  BUNDLE(3);

  // HTTP/2's number; those of a client are odd.
  private final int id;

  ProxyStream(int id) {
    this.id = id;
  }

  int id() {
    return id;
  }

  static ProxyStream of(int id) {
    return id == SVID.id ? SVID : BUNDLE;
  }
}

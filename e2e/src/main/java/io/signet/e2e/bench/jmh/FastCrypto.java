package io.signet.e2e.bench.jmh;

import java.security.Provider;
import java.security.Security;

/** Puts the provider first that the server puts first. */
final class FastCrypto {

  private static final String CORRETTO =
      "com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider";

  private FastCrypto() {}

  static void install() {
    try {
      Provider provider =
          Class.forName(CORRETTO).asSubclass(Provider.class).getDeclaredConstructor().newInstance();
      int _ = Security.insertProviderAt(provider, 1);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("no native cryptography on the class path", e);
    }
  }
}

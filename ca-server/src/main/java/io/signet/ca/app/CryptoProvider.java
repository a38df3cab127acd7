package io.signet.ca.app;

import java.security.Provider;
import java.security.Security;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts the fastest provider of signatures first. A certificate takes one verification of the
 * request, one signature and one verification of that, so the provider sets the ceiling of
 * everything; the JDK's own is by far the slowest.
 */
final class CryptoProvider {

  private static final Logger LOG = LoggerFactory.getLogger(CryptoProvider.class);

  // Native code, for Linux on x86-64 only; elsewhere the class is there and gives no signatures.
  private static final String CORRETTO =
      "com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider";

  private static final String SIGNATURE = "SHA256withECDSA";

  private CryptoProvider() {}

  static void install() {
    try {
      Provider provider =
          Class.forName(CORRETTO).asSubclass(Provider.class).getDeclaredConstructor().newInstance();
      if (provider.getService("Signature", SIGNATURE) != null) {
        Security.insertProviderAt(provider, 1);
      }
    } catch (ReflectiveOperationException | LinkageError e) {
      LOG.warn("no native cryptography here, so signing is several times slower: {}", e.toString());
    }
    LOG.info("signatures by provider {}", inUse());
  }

  /** Who makes and verifies signatures, with its version. */
  static String inUse() {
    for (Provider provider : Security.getProviders()) {
      if (provider.getService("Signature", SIGNATURE) != null) {
        return provider.getName() + " " + provider.getVersionStr();
      }
    }
    return "none";
  }
}

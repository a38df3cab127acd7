package io.signet.e2e.bench;

import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.signet.spiffe.Pem;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;

/** Looks at SVIDs as they were pushed: whom they name, who signed them, and their key. */
final class SvidCheck {

  private static final byte[] ANYTHING = {1, 2, 3};

  private SvidCheck() {}

  /**
   * How many there were.
   *
   * @param caFile the roots of the trust domain
   * @throws BenchException if one of them is not the SVID of its proxy
   */
  static int verifyAll(Iterable<FleetTally.Sample> samples, SdsApi api, Path caFile)
      throws BenchException, IOException {
    int verified = 0;
    for (FleetTally.Sample sample : samples) {
      verify(sample, api, caFile);
      verified++;
    }
    return verified;
  }

  private static void verify(FleetTally.Sample sample, SdsApi api, Path caFile)
      throws BenchException, IOException {
    TlsCertificate pushed = api.secret(sample.message()).getTlsCertificate();
    List<X509Certificate> chain =
        Pem.certificates(pushed.getCertificateChain().getInlineBytes().toStringUtf8());
    ChainVerifier.of(caFile, ProxyIdentities.of(sample.proxy())).verify(chain);
    requirePair(chain.getFirst(), pushed.getPrivateKey().getInlineBytes().toStringUtf8());
  }

  private static void requirePair(X509Certificate leaf, String key) throws BenchException {
    try {
      byte[] der = Pem.decode("PRIVATE KEY", key);
      PrivateKey pair = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(pair);
      signature.update(ANYTHING);
      byte[] signed = signature.sign();
      signature.initVerify(leaf);
      signature.update(ANYTHING);
      if (!signature.verify(signed)) {
        throw new BenchException("an SVID came with the key of another");
      }
    } catch (GeneralSecurityException e) {
      throw new BenchException("the key of an SVID cannot be used: " + e.getMessage(), e);
    }
  }
}

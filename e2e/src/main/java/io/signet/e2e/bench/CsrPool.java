package io.signet.e2e.bench;

import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.Pem;
import io.signet.spiffe.SpiffeId;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.List;
import java.util.stream.IntStream;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * Requests made before the measurement, each with a key of its own, in the shape that ztunnel sends
 * (ISTIO-18): an empty subject and one critical URI.
 */
public final class CsrPool {

  private final List<String> requests;

  private CsrPool(List<String> requests) {
    this.requests = List.copyOf(requests);
  }

  /** As many requests for this identity. */
  public static CsrPool make(SpiffeId identity, KeyAlgorithm algorithm, int count) {
    return new CsrPool(
        IntStream.range(0, count)
            .parallel()
            .mapToObj(_ -> request(identity, algorithm, keyPair(algorithm)))
            .toList());
  }

  /** PEM; they come round again after the last. */
  public String get(long number) {
    return requests.get((int) (number % requests.size()));
  }

  private static KeyPair keyPair(KeyAlgorithm algorithm) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm.family());
      generator.initialize(algorithm.generation());
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no provider makes keys of kind " + algorithm, e);
    }
  }

  private static String request(SpiffeId identity, KeyAlgorithm algorithm, KeyPair pair) {
    try {
      ContentSigner signer =
          new JcaContentSignerBuilder(algorithm.signatureName()).build(pair.getPrivate());
      ExtensionsGenerator extensions = new ExtensionsGenerator();
      extensions.addExtension(Extension.subjectAlternativeName, true, uri(identity));
      byte[] der =
          new JcaPKCS10CertificationRequestBuilder(new X500Name(""), pair.getPublic())
              .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate())
              .build(signer)
              .getEncoded();
      return Pem.encode("CERTIFICATE REQUEST", der);
    } catch (IOException | OperatorCreationException e) {
      throw new IllegalStateException("a request cannot be made", e);
    }
  }

  private static GeneralNames uri(SpiffeId identity) {
    return new GeneralNames(
        new GeneralName(GeneralName.uniformResourceIdentifier, identity.toString()));
  }
}

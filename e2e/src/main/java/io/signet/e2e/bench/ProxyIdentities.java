package io.signet.e2e.bench;

import io.signet.attestation.ServiceAccountName;
import io.signet.attestation.oidc.JwtIssuer;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** An issuer of tokens, and an account of its own for each proxy. Safe for use by many threads. */
final class ProxyIdentities {

  static final String ISSUER = "signet-bench";
  static final String AUDIENCE = "istio-ca";

  private static final TrustDomain DOMAIN = new TrustDomain("example.org");
  private static final String KEY_ID = "bench";

  // Longer than any measurement: the streams end with the tokens (SDS-8, AUTH-6).
  private static final Duration LIFE = Duration.ofDays(1);

  private final KeyPair key;
  private final JwtIssuer issuer;

  private ProxyIdentities(KeyPair key, Clock clock) {
    this.key = key;
    this.issuer = new JwtIssuer(ISSUER, AUDIENCE, KEY_ID, clock);
  }

  static ProxyIdentities create(Clock clock) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return new ProxyIdentities(generator.generateKeyPair(), clock);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK knows no P-256", e);
    }
  }

  static TrustDomain trustDomain() {
    return DOMAIN;
  }

  /** The issuer's public keys. */
  String jwks() {
    return JwtIssuer.jwks(key.getPublic(), KEY_ID);
  }

  /** Whom a proxy's certificate names. */
  static SpiffeId of(int proxy) {
    return account(proxy).in(DOMAIN);
  }

  private static ServiceAccountName account(int proxy) {
    return new ServiceAccountName("bench", "proxy-" + proxy);
  }

  /** What proxies are to say, of these numbers, each with a token of its own. */
  List<ProxyFleet.Script> scripts(ProxyWire wire, int from, int count) {
    return IntStream.range(from, from + count)
        .parallel()
        .mapToObj(
            proxy -> new ProxyFleet.Script(proxy, wire.opening("proxy-" + proxy, token(proxy))))
        .toList();
  }

  /** A caller and what proves it. */
  record Someone(SpiffeId id, String token) {

    @Override
    public String toString() {
      return id.toString();
    }
  }

  /** One of these, by a number that no proxy has. */
  Someone someone(int number) {
    return new Someone(of(number), token(number));
  }

  private String token(int proxy) {
    try {
      return issuer.issue(account(proxy), LIFE, this::signed);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK does not sign with P-256", e);
    }
  }

  private byte[] signed(byte[] message) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(key.getPrivate());
    signature.update(message);
    return signature.sign();
  }
}

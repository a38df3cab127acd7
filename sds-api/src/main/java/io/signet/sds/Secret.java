package io.signet.sds;

import static java.util.Objects.requireNonNull;

import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.TrustBundle;
import io.signet.spiffe.X509Svid;

/**
 * What a name stands for. Immutable; make each one once and share it between snapshots, for its
 * version is computed when it is made. Two secrets are the same to a subscriber when their versions
 * are equal.
 */
public sealed interface Secret {

  /**
   * A function of the content alone (SDS-4): 64 lower-case hexadecimal digits, equal for equal
   * content in every process. Public: nothing in it depends on a private key.
   */
  String version();

  /** An SVID with its private key (FLD-1). */
  final class TlsCertificate implements Secret {
    private final X509Svid svid;
    private final SecretBytes privateKey;
    private final String version;

    /**
     * Whoever makes the key pair proves that the key is the leaf's (SDS-5), for that takes the key
     * itself, which is not handled here.
     *
     * @param privateKey PKCS#8 DER; not to be destroyed while a snapshot holds this secret
     * @throws IllegalArgumentException if the key is empty
     */
    public TlsCertificate(X509Svid svid, SecretBytes privateKey) {
      if (privateKey.length() == 0) {
        throw new IllegalArgumentException("private key: 0 bytes (expected: PKCS#8 DER)");
      }
      this.svid = requireNonNull(svid, "svid");
      this.privateKey = privateKey;
      this.version = Version.ofOrdered(svid.chain());
    }

    /** The chain of which the leaf holds the public key. */
    public X509Svid svid() {
      return svid;
    }

    /** PKCS#8 DER. */
    public SecretBytes privateKey() {
      return privateKey;
    }

    @Override
    public String version() {
      return version;
    }

    /** The SVID and the version, never the key. */
    @Override
    public String toString() {
      return "TlsCertificate[%s, version %s]".formatted(svid, version);
    }
  }

  /** Whom to trust (FLD-3). */
  final class ValidationContext implements Secret {
    private final TrustBundle bundle;
    private final String version;

    /**
     * The version covers the set of authorities: their order, the sequence and the refresh hint of
     * the bundle do not reach a proxy and cause no push.
     *
     * @throws IllegalArgumentException if the bundle has no authority. It would be an empty secret
     *     (SDS-7), and no validation context at all may mean no validation to a proxy.
     */
    public ValidationContext(TrustBundle bundle) {
      if (bundle.authorities().isEmpty()) {
        throw new IllegalArgumentException(
            "bundle of %s: no authority (expected: >= 1)".formatted(bundle.trustDomain()));
      }
      this.bundle = bundle;
      this.version = Version.ofSet(bundle.authorities());
    }

    /** Holds at least one authority. */
    public TrustBundle bundle() {
      return bundle;
    }

    @Override
    public String version() {
      return version;
    }

    @Override
    public String toString() {
      return "ValidationContext[%s, version %s]".formatted(bundle, version);
    }
  }
}

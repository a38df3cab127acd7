package io.signet.sds;

import static java.util.Objects.requireNonNull;

import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.X509Svid;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a name stands for. Immutable; make each one once and share it between snapshots, for its
 * version is computed when it is made. Two secrets are the same to a subscriber when their versions
 * are equal.
 */
public sealed interface Secret {

  /**
   * A function of the content alone (SDS-4): 64 lower-case hexadecimal digits, equal for equal
   * content in every process. Public: nobody gets from it to a private key.
   */
  String version();

  /** Its place in a rotation, by the trust of the same snapshot. */
  default Wants.Mark mark(Trust trust) {
    return Wants.Mark.NONE;
  }

  /** An SVID with its private key (FLD-1). */
  final class TlsCertificate implements Secret {
    private final X509Svid svid;
    private final SecretBytes privateKey;
    private final Optional<byte[]> ocspStaple;
    private final int generation;
    private final String version;

    /**
     * Whoever makes the key pair proves that the key is the leaf's (SDS-5), for that takes the key
     * itself, which is not handled here.
     *
     * @param privateKey PKCS#8 DER; not to be destroyed while a snapshot holds this secret
     * @param ocspStaple the OCSP response for the leaf as DER, if there is one (FLD-2)
     * @param generation of the root above it: 1 for the first of the trust domain; no part of the
     *     version
     * @throws IllegalArgumentException if the key or the staple is empty
     */
    public TlsCertificate(
        X509Svid svid, SecretBytes privateKey, Optional<byte[]> ocspStaple, int generation) {
      if (privateKey.length() == 0) {
        throw new IllegalArgumentException("private key: 0 bytes (expected: PKCS#8 DER)");
      }
      if (ocspStaple.filter(staple -> staple.length == 0).isPresent()) {
        throw new IllegalArgumentException("OCSP staple: 0 bytes (expected: DER)");
      }
      this.svid = requireNonNull(svid, "svid");
      this.privateKey = privateKey;
      this.ocspStaple = ocspStaple.map(byte[]::clone);
      this.generation = generation;
      this.version = Version.ofCertificate(svid.chain(), ocspStaple);
    }

    /** Without a staple, under the first root. */
    public TlsCertificate(X509Svid svid, SecretBytes privateKey) {
      this(svid, privateKey, Optional.empty(), 1);
    }

    /** The chain of which the leaf holds the public key. */
    public X509Svid svid() {
      return svid;
    }

    /** PKCS#8 DER. */
    public SecretBytes privateKey() {
      return privateKey;
    }

    /** DER. */
    public Optional<byte[]> ocspStaple() {
      return ocspStaple.map(byte[]::clone);
    }

    /** Of the root above it. */
    public int generation() {
      return generation;
    }

    @Override
    public Wants.Mark mark(Trust trust) {
      return Wants.Mark.svid(generation);
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

  /** Whom to trust (FLD-3 to FLD-6). */
  final class ValidationContext implements Secret {
    private final boolean isolated;
    private final List<TrustAnchors> anchors;
    private final List<SpiffeId> peers;
    private final String version;

    private ValidationContext(
        boolean isolated, Collection<TrustAnchors> anchors, Set<SpiffeId> peers) {
      if (anchors.isEmpty()) {
        throw new IllegalArgumentException("no trust domain (expected: >= 1)");
      }
      anchors.forEach(ValidationContext::requireAuthority);
      this.isolated = isolated;
      this.anchors = anchors.stream().sorted(Comparator.comparing(TrustAnchors::name)).toList();
      this.peers = peers.stream().sorted(Comparator.comparing(SpiffeId::toString)).toList();
      this.version =
          Version.ofText(
              String.join(
                  " ", Boolean.toString(isolated), Version.ofTrust(this.anchors), "" + this.peers));
    }

    /**
     * The authorities of one trust domain. The version covers the set of them: their order, the
     * sequence and the refresh hint of the bundle do not reach a proxy and cause no push.
     *
     * @param peers the only identities that are accepted; none means that all are
     * @throws IllegalArgumentException if the bundle has no authority. It would be an empty secret
     *     (SDS-7), and no validation context at all may mean no validation to a proxy.
     */
    public static ValidationContext plain(TrustAnchors anchors, Set<SpiffeId> peers) {
      return new ValidationContext(false, List.of(anchors), peers);
    }

    /**
     * The authorities of each trust domain for that domain only, by the SPIFFE validator (FLD-6).
     *
     * @throws IllegalArgumentException as {@link #plain} does, or if there is no trust domain
     */
    public static ValidationContext isolated(
        Collection<TrustAnchors> anchors, Set<SpiffeId> peers) {
      return new ValidationContext(true, anchors, peers);
    }

    private static void requireAuthority(TrustAnchors anchors) {
      if (anchors.bundle().authorities().isEmpty()) {
        throw new IllegalArgumentException(
            "bundle of %s: no authority (expected: >= 1)"
                .formatted(anchors.bundle().trustDomain()));
      }
    }

    /** Whether each trust domain is kept apart by the SPIFFE validator. */
    public boolean isolated() {
      return isolated;
    }

    /** At least one trust domain with at least one authority each, sorted by name. */
    public List<TrustAnchors> anchors() {
      return anchors;
    }

    /** The only identities that are accepted, sorted; none means that all are. */
    public List<SpiffeId> peers() {
      return peers;
    }

    @Override
    public Wants.Mark mark(Trust trust) {
      return anchors.stream().anyMatch(trust::isOwn)
          ? Wants.Mark.bundle(trust.sequence())
          : Wants.Mark.NONE;
    }

    @Override
    public String version() {
      return version;
    }

    @Override
    public String toString() {
      return "ValidationContext[%s, version %s]"
          .formatted(anchors.stream().map(TrustAnchors::bundle).toList(), version);
    }
  }

  /** Keys for TLS session tickets (FLD-7). */
  final class SessionTicketKeys implements Secret {
    /** The bytes of each key. */
    public static final int KEY_LENGTH = 80;

    private final List<SecretBytes> keys;
    private final String version;

    /**
     * @param keys the first encrypts, all decrypt; not to be destroyed while a snapshot holds this
     * @throws IllegalArgumentException if there is none, or one has not 80 bytes
     */
    public SessionTicketKeys(List<SecretBytes> keys) {
      if (keys.isEmpty()) {
        throw new IllegalArgumentException("session ticket keys: none (expected: >= 1)");
      }
      for (SecretBytes key : keys) {
        if (key.length() != KEY_LENGTH) {
          throw new IllegalArgumentException(
              "session ticket key: %d bytes (expected: %d)".formatted(key.length(), KEY_LENGTH));
        }
      }
      this.keys = List.copyOf(keys);
      this.version = Version.ofKeys(keys);
    }

    public List<SecretBytes> keys() {
      return keys;
    }

    @Override
    public String version() {
      return version;
    }

    /** The number of keys and the version. */
    @Override
    public String toString() {
      return "SessionTicketKeys[%d keys, version %s]".formatted(keys.size(), version);
    }
  }
}

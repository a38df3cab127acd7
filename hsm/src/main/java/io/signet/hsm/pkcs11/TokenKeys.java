package io.signet.hsm.pkcs11;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.errorprone.annotations.FormatMethod;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.KeyLabel;
import java.io.ByteArrayInputStream;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The keys on a token, as the token itself lists them. SunPKCS11 lists them too, but of two that
 * share a label or a CKA_ID it shows any one (P11-11).
 *
 * <p>A key is made, or taken in, in three steps, so that a crash after any of them leaves nothing
 * that is taken for a key (KC-7): the private key, {@link #claim named} and still with the CKA_ID
 * of an unfinished one; its certificate; and then, as the commit, the CKA_ID that both share. It is
 * destroyed in the opposite order.
 *
 * <p>For use by one thread at a time. Nothing is remembered: other processes make and destroy keys
 * as well.
 */
final class TokenKeys {

  /** The CKA_ID of a key that is not finished, and its label until it has got its own. */
  static final String UNFINISHED = "signet-unfinished";

  /** Where a private key was made. */
  enum Origin {
    TOKEN,
    ELSEWHERE
  }

  private final NativeSession session;
  private final String where;

  /** Failures say that they happened there. */
  TokenKeys(NativeSession session, String where) {
    this.session = session;
    this.where = where;
  }

  /**
   * The key with this public half.
   *
   * @throws CustodyException {@link Fault#BROKEN} when it cannot be told from another, {@link
   *     Fault#REJECTED} when it has no certificate
   */
  Optional<TokenKey> key(PublicKey publicKey) throws CustodyException {
    List<TokenKey> keys =
        keys(session.find(Attribute.certificate())).stream()
            .filter(key -> key.isOf(publicKey))
            .toList();
    if (keys.isEmpty()) {
      session.requireLogin();
      requireCertificates(session.find(Attribute.privateKey(), TokenKey.idOf(publicKey)));
    }
    return only(keys);
  }

  /**
   * The only key of this label.
   *
   * @throws CustodyException {@link Fault#BROKEN} when several have it, or it cannot be told from
   *     another, {@link Fault#REJECTED} when it has no certificate
   */
  Optional<TokenKey> key(KeyLabel label) throws CustodyException {
    Attribute labelled = Attribute.label(label.value());
    List<TokenKey> keys = keys(session.find(Attribute.certificate(), labelled));
    if (keys.isEmpty()) {
      session.requireLogin();
      List<Long> uncertified = new ArrayList<>(session.find(Attribute.privateKey(), labelled));
      uncertified.removeAll(unfinished(label.value()));
      requireCertificates(uncertified);
    }
    long different = keys.stream().map(key -> hex(key.id())).distinct().count();
    if (different > 1) {
      throw failure(
          Fault.BROKEN, label, "%d keys have this label; destroy or rename all but one", different);
    }
    return only(keys);
  }

  private List<TokenKey> keys(List<Long> certificates) throws CustodyException {
    List<TokenKey> keys = new ArrayList<>();
    for (long certificate : certificates) {
      Optional<TokenKey> key = certified(certificate);
      if (key.isPresent() && !session.find(Attribute.privateKey(), key.get().id()).isEmpty()) {
        keys.add(key.get());
      }
    }
    return keys;
  }

  /** What this certificate says of its key; empty when it is none that a key could have. */
  private Optional<TokenKey> certified(long certificate) throws CustodyException {
    Optional<byte[]> id = session.attribute(certificate, Attribute.CKA_ID);
    Optional<PublicKey> publicKey =
        session.attribute(certificate, Attribute.CKA_VALUE).flatMap(TokenKeys::publicKey);
    if (id.isEmpty() || id.get().length == 0 || publicKey.isEmpty()) {
      return Optional.empty();
    }
    String label = text(session.attribute(certificate, Attribute.CKA_LABEL));
    return Optional.of(new TokenKey(label, Attribute.id(id.get()), publicKey.get()));
  }

  // A token may hold certificates of any kind; what this JDK cannot read is none of ours.
  private static Optional<PublicKey> publicKey(byte[] der) {
    try {
      CertificateFactory x509 = CertificateFactory.getInstance("X.509");
      return Optional.of(x509.generateCertificate(new ByteArrayInputStream(der)).getPublicKey());
    } catch (CertificateException e) {
      return Optional.empty();
    }
  }

  // Two certificates of one key are fine: the placeholder, and the one it was made for.
  private Optional<TokenKey> only(List<TokenKey> certificatesOfOne) throws CustodyException {
    Optional<TokenKey> key = certificatesOfOne.stream().findFirst();
    if (key.isPresent()) {
      int sharing = session.find(Attribute.privateKey(), key.get().id()).size();
      if (sharing > 1) {
        throw failure(
            Fault.BROKEN,
            key.get().label(),
            "%d private keys have its CKA_ID %s; give each one of its own",
            sharing,
            hex(key.get().id()));
      }
    }
    return key;
  }

  // P11-10: such a key is there, and must not be answered as if it were not.
  private void requireCertificates(List<Long> privateKeys) throws CustodyException {
    for (long key : privateKeys) {
      Optional<Attribute> id = session.attribute(key, Attribute.CKA_ID).map(Attribute::id);
      String label = text(session.attribute(key, Attribute.CKA_LABEL));
      // Asked anew: another process may have finished it, or destroyed it, since it was listed.
      if (id.isPresent() && !hasCertificate(id.get(), label)) {
        throw failure(
            Fault.REJECTED,
            label,
            "it has no certificate and cannot be used without one; store a certificate of it with"
                + " its CKA_ID %s and its label",
            hex(id.get()));
      }
    }
  }

  private boolean hasCertificate(Attribute id, String label) throws CustodyException {
    return id.value().length > 0
        && !session.find(Attribute.certificate(), id, Attribute.label(label)).isEmpty();
  }

  private static String text(Optional<byte[]> value) {
    return new String(value.orElse(new byte[0]), UTF_8);
  }

  /**
   * Makes room for a new key: removes what a crash has left of an earlier one of this label.
   * Another process that is making one at this very moment fails, and can try again.
   */
  void removeLeftovers(KeyLabel label) throws CustodyException {
    destroyAll(unfinished(UNFINISHED));
    destroyAll(unfinished(label.value()));
    removeOrphans(label.value());
  }

  private List<Long> unfinished(String label) throws CustodyException {
    return session.find(
        Attribute.privateKey(), Attribute.id(UNFINISHED.getBytes(UTF_8)), Attribute.label(label));
  }

  // By its CKA_ID a certificate is one of ours: somebody's CA may have any label.
  private void removeOrphans(String label) throws CustodyException {
    for (long certificate : session.find(Attribute.certificate(), Attribute.label(label))) {
      Optional<TokenKey> key = certified(certificate);
      if (key.isPresent()
          && Arrays.equals(key.get().id().value(), TokenKey.idOf(key.get().publicKey()).value())
          && session.find(Attribute.privateKey(), key.get().id()).isEmpty()) {
        session.destroy(certificate);
      }
    }
  }

  /**
   * Gives the private key that was just made or taken in its label, and answers which object it is.
   */
  long claim(KeyLabel label, Origin origin) throws CustodyException {
    List<Long> made = unfinished(UNFINISHED);
    if (made.size() != 1) {
      destroyAll(made);
      // None is there when that process has taken ours for what a crash has left.
      throw failure(
          Fault.BUSY,
          label,
          "%d keys are unfinished (expected: this one); another process makes a key in the same"
              + " moment; try again",
          made.size());
    }
    requireKept(label, origin, made.getFirst());
    session.set(made.getFirst(), Attribute.label(label.value()));
    return made.getFirst();
  }

  // P11-12: a token may take a template and not keep to it.
  private void requireKept(KeyLabel label, Origin origin, long key) throws CustodyException {
    boolean kept =
        session.flag(key, Attribute.CKA_TOKEN)
            && session.flag(key, Attribute.CKA_SENSITIVE)
            && !session.flag(key, Attribute.CKA_EXTRACTABLE)
            && (origin == Origin.ELSEWHERE || wasNeverOutside(key));
    if (!kept) {
      session.destroy(key);
      throw failure(Fault.DENIED, label, "the token would not keep it sensitive and unextractable");
    }
  }

  private boolean wasNeverOutside(long key) throws CustodyException {
    return session.flag(key, Attribute.CKA_ALWAYS_SENSITIVE)
        && session.flag(key, Attribute.CKA_NEVER_EXTRACTABLE);
  }

  /** Stores the certificate of a key that is not finished. */
  void certify(KeyLabel label, X509Certificate certificate) throws CustodyException {
    long _ =
        session.create(
            Attribute.certificate(),
            Attribute.x509(),
            Attribute.onToken(),
            Attribute.label(label.value()),
            TokenKey.idOf(certificate.getPublicKey()),
            new Attribute(
                Attribute.CKA_SUBJECT, certificate.getSubjectX500Principal().getEncoded()),
            new Attribute(Attribute.CKA_ISSUER, certificate.getIssuerX500Principal().getEncoded()),
            new Attribute(Attribute.CKA_SERIAL_NUMBER, Der.integer(certificate.getSerialNumber())),
            new Attribute(Attribute.CKA_VALUE, der(certificate)));
  }

  private static byte[] der(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateEncodingException e) {
      throw new IllegalArgumentException("it was read from DER", e);
    }
  }

  /** Joins the private key to its certificate: from now on everybody sees it. */
  void commit(long privateKey, PublicKey publicKey) throws CustodyException {
    session.set(privateKey, TokenKey.idOf(publicKey));
  }

  /** Destroys the key, then its certificates, and what a crash has left of earlier such calls. */
  void destroy(TokenKey key) throws CustodyException {
    destroyAll(session.find(Attribute.privateKey(), key.id()));
    for (long certificate : session.find(Attribute.certificate(), key.id())) {
      if (certified(certificate).filter(other -> other.isOf(key.publicKey())).isPresent()) {
        session.destroy(certificate);
      }
    }
    removeOrphans(key.label());
  }

  private void destroyAll(List<Long> objects) throws CustodyException {
    for (long object : objects) {
      session.destroy(object);
    }
  }

  private static String hex(Attribute attribute) {
    return HexFormat.of().formatHex(attribute.value());
  }

  @FormatMethod
  private CustodyException failure(Fault fault, Object label, String why, Object... parts) {
    return new CustodyException(fault, where + ": key " + label + ": " + why.formatted(parts));
  }
}

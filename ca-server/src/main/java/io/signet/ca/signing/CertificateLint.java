package io.signet.ca.signing;

import com.google.errorprone.annotations.FormatMethod;
import io.signet.ca.x509.CertificateBuilder;
import io.signet.ca.x509.CertificateTemplate;
import io.signet.ca.x509.KeyIds;
import io.signet.ca.x509.KeyUsage;
import java.net.InetAddress;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Judges a certificate before it is signed (ISS-3, LINT-1): the template against its profile, and
 * the bytes against the template. The bytes are read by the JDK's parser, not by the library that
 * wrote them, so that neither is believed alone.
 */
final class CertificateLint {

  /** Longest certificate that we sign, in bytes, as a backstop (CSR-10). */
  private static final int LONGEST = 8 * 1024;

  private static final int SERIAL_OCTETS = 20;
  private static final int NO_AUTHORITY = -1;

  // RFC 5280, 4.2.1.6
  private static final int DNS = 2;
  private static final int URI = 6;
  private static final int IP = 7;

  private static final String SUBJECT_KEY_ID = "2.5.29.14";
  private static final String KEY_USAGE = "2.5.29.15";
  private static final String ALT_NAMES = "2.5.29.17";
  private static final String BASIC_CONSTRAINTS = "2.5.29.19";
  private static final String AUTHORITY_KEY_ID = "2.5.29.35";
  private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
  private static final List<String> SERVER_AND_CLIENT =
      List.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");

  private static final Pattern HOST =
      Pattern.compile(
          "(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");

  // DER: what is around the octets of a key identifier.
  private static final int OCTET_STRING = 0x04;
  private static final int SEQUENCE = 0x30;
  private static final int KEY_IDENTIFIER = 0x80;
  private static final int LONGEST_KEY_ID = 64;

  private final Draft draft;
  private final CertificateTemplate template;
  private final X509Certificate read;
  private final List<String> findings = new ArrayList<>();

  private CertificateLint(Draft draft) {
    this.draft = draft;
    this.template = draft.template();
    // The parser wants a signature, any will do; nothing of this leaves here.
    this.read = CertificateBuilder.assemble(draft.tbs(), draft.key().algorithm(), new byte[1]);
  }

  /** What is wrong with the draft; empty when it may be signed. */
  static List<String> findings(Draft draft) {
    try {
      CertificateLint lint = new CertificateLint(draft);
      lint.all();
      return lint.findings;
    } catch (CertificateException | RuntimeException e) {
      return List.of("cannot be read: " + e.getMessage());
    }
  }

  private void all() throws CertificateException {
    profile();
    encoding();
    serial();
    issuer();
    validity();
    key();
    extensions();
    subject();
    names();
    usage();
    constraints();
    keyIds();
  }

  // PROF-1 to PROF-5: a template that is not its profile's is as wrong as bytes that lie.
  private void profile() {
    boolean leaf = draft.profile() == CertificateProfile.LEAF;
    require(template.authority() != leaf, "authority: %s", template.authority());
    require(template.id().hasPath() == leaf, "SPIFFE ID %s", template.id()); // SPIFFE-19, 22
    require(template.subject().isPresent() != leaf, "subject %s", template.subject());
    require(leaf || template.hosts().isEmpty(), "hosts %s", template.hosts());
    require(template.keyUsage().equals(usageOf(leaf)), "key usage %s", template.keyUsage());
    require(template.pathLength().equals(pathLength()), "path length %s", template.pathLength());
    require(
        (draft.profile() == CertificateProfile.ROOT) == draft.issuer().isEmpty(),
        "issuer: %s",
        draft.issuer().isPresent());
  }

  private Set<KeyUsage> usageOf(boolean leaf) {
    if (!leaf) {
      return EnumSet.of(KeyUsage.KEY_CERT_SIGN, KeyUsage.CRL_SIGN);
    }
    return template.publicKey().getAlgorithm().equals("RSA")
        ? EnumSet.of(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_ENCIPHERMENT)
        : EnumSet.of(KeyUsage.DIGITAL_SIGNATURE);
  }

  private OptionalInt pathLength() {
    return switch (draft.profile()) {
      case INTERMEDIATE -> OptionalInt.of(1);
      case ISSUING -> OptionalInt.of(0);
      case LEAF, ROOT -> OptionalInt.empty();
    };
  }

  private void encoding() throws CertificateException {
    byte[] tbs = draft.tbs();
    require(tbs.length <= LONGEST, "longer than %d bytes", LONGEST);
    require(Arrays.equals(read.getTBSCertificate(), tbs), "not DER");
    require(read.getVersion() == 3, "version %d", read.getVersion());
  }

  // e_serial_number_longer_than_20_octets
  private void serial() {
    var serial = read.getSerialNumber();
    require(serial.equals(draft.serial().value()), "serial number is another");
    require(
        serial.signum() > 0 && serial.toByteArray().length <= SERIAL_OCTETS,
        "serial number not of 1 to 20 octets");
  }

  // ISS-7, and that the issuer may sign what is below it.
  private void issuer() {
    X509Certificate by = draft.issuer().orElse(read);
    require(
        Arrays.equals(
            read.getIssuerX500Principal().getEncoded(), by.getSubjectX500Principal().getEncoded()),
        "issuer is not the subject of the issuer's certificate");
    boolean[] usage = by.getKeyUsage();
    require(
        by.getBasicConstraints() >= depth() && usage != null && usage[KeyUsage.KEY_CERT_SIGN.bit()],
        "the issuer may not sign this");
  }

  // How many CAs there may be below the issuer.
  private int depth() {
    return draft.issuer().isPresent() && template.authority()
        ? 1 + template.pathLength().orElse(0)
        : 0;
  }

  // ISS-1: never beyond the issuer.
  private void validity() {
    Instant notBefore = read.getNotBefore().toInstant();
    Instant notAfter = read.getNotAfter().toInstant();
    require(notBefore.isBefore(notAfter), "validity %s to %s", notBefore, notAfter);
    require(notBefore.equals(seconds(template.notBefore())), "not-before %s", notBefore);
    require(notAfter.equals(seconds(template.notAfter())), "not-after %s", notAfter);
    draft
        .issuer()
        .ifPresent(issuer ->
            require(
                !notAfter.isAfter(issuer.getNotAfter().toInstant()),
                "not-after %s beyond the issuer's",
                notAfter));
  }

  private static Instant seconds(Instant instant) {
    return instant.truncatedTo(ChronoUnit.SECONDS);
  }

  private void key() {
    require(
        Arrays.equals(read.getPublicKey().getEncoded(), template.publicKey().getEncoded()),
        "public key is another");
  }

  // Exactly these, and each critical or not as the profile says; the parser refuses duplicates
  // (e_ext_duplicate_extension).
  private void extensions() {
    Set<String> critical =
        template.authority()
            ? Set.of(KEY_USAGE, BASIC_CONSTRAINTS)
            : Set.of(KEY_USAGE, BASIC_CONSTRAINTS, ALT_NAMES);
    Set<String> others =
        template.authority()
            ? Set.of(SUBJECT_KEY_ID, AUTHORITY_KEY_ID, ALT_NAMES)
            : Set.of(SUBJECT_KEY_ID, AUTHORITY_KEY_ID, EXTENDED_KEY_USAGE);
    require(critical.equals(read.getCriticalExtensionOIDs()), "critical extensions");
    require(others.equals(read.getNonCriticalExtensionOIDs()), "extensions that are not critical");
    require(
        read.getIssuerUniqueID() == null && read.getSubjectUniqueID() == null,
        "unique identifiers");
  }

  private void subject() {
    String wanted = template.subject().map(name -> "CN=" + name + ",O=Signet").orElse("");
    String found = read.getSubjectX500Principal().getName();
    require(found.equals(wanted), "subject \"%s\"", found);
  }

  // SPIFFE-18 to 22, e_ext_san_uri_not_ia5: these names, in this order, and no other.
  private void names() throws CertificateParsingException {
    List<List<?>> wanted = new ArrayList<>();
    wanted.add(List.of(URI, template.id().toString()));
    for (String host : template.hosts()) {
      wanted.add(name(host));
      // The parser believes any text to be a DNS name.
      require(address(host).isPresent() || HOST.matcher(host).matches(), "host \"%s\"", host);
    }
    Collection<List<?>> found = read.getSubjectAlternativeNames();
    require(found != null && wanted.equals(List.copyOf(found)), "alternative names %s", found);
  }

  // The JDK shows an address in its own form, so ours takes the same way.
  private static List<?> name(String host) {
    return address(host)
        .<List<?>>map(address -> List.of(IP, address.getHostAddress()))
        .orElse(List.of(DNS, host));
  }

  private static Optional<InetAddress> address(String host) {
    try {
      return Optional.of(InetAddress.ofLiteral(host));
    } catch (IllegalArgumentException notLiteral) {
      return Optional.empty();
    }
  }

  // SPIFFE-24 to 27; e_incorrect_ku_encoding: as few octets and bits as there can be.
  private void usage() throws CertificateParsingException {
    int bits = 0;
    for (KeyUsage usage : template.keyUsage()) {
      bits |= 0x80 >> usage.bit();
    }
    byte[] wanted = {4, 4, 3, 2, (byte) Integer.numberOfTrailingZeros(bits | 0x100), (byte) bits};
    requireExtension(KEY_USAGE, wanted, "key usage");
    List<String> purposes = read.getExtendedKeyUsage();
    require(
        template.authority() ? purposes == null : SERVER_AND_CLIENT.equals(purposes),
        "extended key usage %s",
        purposes);
  }

  // e_ext_key_usage_cert_sign_without_ca
  private void constraints() {
    int wanted =
        template.authority() ? template.pathLength().orElse(Integer.MAX_VALUE) : NO_AUTHORITY;
    require(
        read.getBasicConstraints() == wanted, "basic constraints %d", read.getBasicConstraints());
  }

  // e_ext_authority_key_identifier_no_key_identifier; ISS-7: what the issuer calls itself. RFC
  // 5280, 4.2.1.2: a leaf should have one of its own too, and linters ask for it (LINT-2).
  private void keyIds() {
    byte[] issuer = issuerId();
    requireExtension(
        AUTHORITY_KEY_ID,
        der(OCTET_STRING, der(SEQUENCE, der(KEY_IDENTIFIER, issuer))),
        "authority key identifier");
    byte[] subject = KeyIds.of(template.publicKey());
    requireExtension(
        SUBJECT_KEY_ID, der(OCTET_STRING, der(OCTET_STRING, subject)), "subject key identifier");
  }

  // Another CA may have named the issuer's key in its own way, or not at all.
  private byte[] issuerId() {
    byte @Nullable [] named =
        draft.issuer().map(by -> by.getExtensionValue(SUBJECT_KEY_ID)).orElse(null);
    if (named == null) {
      return KeyIds.of(draft.key().publicKey());
    }
    byte[] id = Arrays.copyOfRange(named, Math.min(4, named.length), named.length);
    require(
        id.length <= LONGEST_KEY_ID
            && Arrays.equals(named, der(OCTET_STRING, der(OCTET_STRING, id))),
        "the issuer's own key identifier %s",
        HexFormat.of().formatHex(named));
    return id;
  }

  private static byte[] der(int tag, byte[] content) {
    byte[] der = new byte[2 + content.length];
    der[0] = (byte) tag;
    der[1] = (byte) content.length; // less than 128
    System.arraycopy(content, 0, der, 2, content.length);
    return der;
  }

  private void requireExtension(String oid, byte[] wanted, String what) {
    byte @Nullable [] found = read.getExtensionValue(oid);
    require(
        Arrays.equals(found, wanted),
        "%s %s",
        what,
        found == null ? "absent" : HexFormat.of().formatHex(found));
  }

  @FormatMethod
  private void require(boolean holds, String finding, Object... values) {
    if (!holds) {
      findings.add(finding.formatted(values));
    }
  }
}

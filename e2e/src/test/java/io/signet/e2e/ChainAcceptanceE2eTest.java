package io.signet.e2e;

import static io.signet.e2e.Refusals.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status.Code;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Openssl;
import io.signet.e2e.peers.Peers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What we sign is accepted, and read in the same way, by OpenSSL, GnuTLS and the JDK. */
@Tag("e2e")
final class ChainAcceptanceE2eTest {
  private static final String ID = "spiffe://example.org/ns/shop/sa/cart";
  private static final Duration A_MINUTE = Duration.ofMinutes(1);
  private static final DateTimeFormatter OPENSSL_DATE =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss'Z'").withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter GNUTLS_DATE =
      DateTimeFormatter.ofPattern("EEE MMM dd HH:mm:ss 'UTC' uuuu", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  @TempDir private static Path shared;
  @AutoClose private static SignetProcess signet;
  @AutoClose private static CsrClient client;

  @TempDir private Path folder;

  @BeforeAll
  static void launch() throws IOException {
    signet = SignetProcess.dev(shared.resolve("dev"));
    client = signet.client().bearing(signet.token("shop", "cart"));
  }

  // ISTIO-17, ISTIO-19. ISTIO-91: the correct id; ECC.
  @ParameterizedTest
  @EnumSource
  void sign_requestOfAgent_acceptedByAll(Csr.Key key) throws Exception {
    assertAcceptedByAll(Csr.agent(folder, key, ID), key);
  }

  // ISTIO-18, ISTIO-19
  @ParameterizedTest
  @EnumSource
  void sign_requestOfZtunnel_acceptedByAll(Csr.Key key) throws Exception {
    assertAcceptedByAll(Csr.ztunnel(folder, key, ID, true), key);
  }

  // ISTIO-18: an older TLS library of ztunnel does not mark the names as critical.
  @Test
  void sign_namesNotCritical_acceptedByAll() throws Exception {
    assertAcceptedByAll(Csr.ztunnel(folder, Csr.Key.P256, ID, false), Csr.Key.P256);
  }

  // ISTIO-3, ISTIO-24, ISTIO-91: a client that wants to be another gets nothing, rather than its
  // own identity.
  @Test
  void sign_nameOfAnother_denied() throws IOException {
    var wish = Csr.ztunnel(folder, Csr.Key.P256, "spiffe://example.org/ns/shop/sa/till", true);
    assertThat(refusal(() -> client.sign(wish)).getCode()).isEqualTo(Code.PERMISSION_DENIED);
  }

  // ISTIO-2, ISTIO-21, ISTIO-22, ISTIO-23, ISTIO-24, ISTIO-25
  @Test
  void sign_layout_leafThenOneIntermediateEachThenAllRoots() throws IOException {
    SignedChain chain = client.sign(Csr.create(folder));
    assertThat(chain.elements()).hasSizeGreaterThanOrEqualTo(2).allMatch(e -> e.endsWith("\n"));
    assertThat(SignedChain.parse(chain.elements().getFirst())).hasSize(1);
    assertThat(chain.intermediates())
        .allSatisfy(each -> assertThat(SignedChain.parse(each)).hasSize(1));
    assertThat(chain.roots()).isEqualTo(Files.readString(signet.bundle()));
    assertThat(chain.intermediates()).doesNotContain(chain.roots());
  }

  // ISTIO-62, ISTIO-4: clamped before any date arithmetic, never refused.
  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE})
  void sign_noLifetime_standard(long seconds) throws IOException {
    assertLifetime(seconds, signet.config().svid().defaultLifetime());
  }

  // ISTIO-62: the last one, in nanoseconds, is just above 2^64.
  @ParameterizedTest
  @ValueSource(longs = {400 * 86_400L, Long.MAX_VALUE, 18_446_744_074L})
  void sign_lifetimeTooLong_most(long seconds) throws IOException {
    assertLifetime(seconds, signet.config().svid().maxLifetime());
  }

  @Test
  void sign_shortLifetime_asAsked() throws IOException {
    assertLifetime(120, Duration.ofMinutes(2));
  }

  // ISTIO-27, ISTIO-20
  @Test
  void sign_brokenRequest_invalidArgument() throws IOException {
    String good = Csr.create(folder).pem();
    String other = Csr.create(folder).pem();
    // The body of one, the signature of the other.
    String lines = String.join("\n", good.lines().limit(good.lines().count() - 2).toList());
    String tail = other.lines().skip(other.lines().count() - 2).collect(Collectors.joining("\n"));
    for (String broken : List.of("", "no PEM", lines + "\n" + tail + "\n")) {
      assertThat(refusal(() -> client.sign(broken, 3600)).getCode())
          .isEqualTo(Code.INVALID_ARGUMENT);
    }
  }

  private void assertLifetime(long asked, Duration expected) throws IOException {
    Instant now = Instant.now();
    X509Certificate leaf = client.sign(Csr.create(folder).pem(), asked).leaf();
    assertThat(Duration.between(now, leaf.getNotAfter().toInstant()))
        .isBetween(expected.minus(A_MINUTE), expected.plus(A_MINUTE));
    assertThat(leaf.getNotBefore().toInstant()).isBefore(now.minus(A_MINUTE));
  }

  private void assertAcceptedByAll(Csr csr, Csr.Key key) throws Exception {
    SignedChain chain = client.sign(csr);
    chain.writeTo(folder);
    assertProfile(chain.leaf(), key);
    assertOpensslAccepts();
    assertGnutlsAccepts();
    assertPkixAccepts(chain);
    assertReadTheSame(chain.leaf(), key);
  }

  // ISTIO-61, ISTIO-24; PROF-2: no keyEncipherment with an EC key.
  private static void assertProfile(X509Certificate leaf, Csr.Key key) throws Exception {
    assertThat(leaf.getSubjectX500Principal().getName()).isEmpty();
    assertThat(leaf.getCriticalExtensionOIDs()).contains("2.5.29.17", "2.5.29.15");
    assertThat(leaf.getSubjectAlternativeNames()).containsExactly(List.of(6, ID));
    assertThat(leaf.getKeyUsage()[0]).as("digitalSignature").isTrue();
    assertThat(leaf.getKeyUsage()[2]).as("keyEncipherment").isEqualTo(key == Csr.Key.RSA_2048);
    assertThat(leaf.getExtendedKeyUsage())
        .containsExactlyInAnyOrder("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
    assertThat(leaf.getBasicConstraints()).as("not an authority").isEqualTo(-1);
  }

  private void assertOpensslAccepts() throws IOException {
    for (String purpose : List.of("sslserver", "sslclient")) {
      assertThat(
              Openssl.run(
                  "verify",
                  "-x509_strict",
                  "-purpose",
                  purpose,
                  "-CAfile",
                  file("roots.pem"),
                  "-untrusted",
                  file("intermediates.pem"),
                  file("leaf.pem")))
          .contains(": OK");
    }
  }

  private void assertGnutlsAccepts() throws IOException {
    for (String purpose : List.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2")) {
      assertThat(
              certtool(
                  "--verify",
                  "--verify-purpose=" + purpose,
                  "--load-ca-certificate=" + file("roots.pem"),
                  "--infile=" + file("chain.pem")))
          .contains("Chain verification output: Verified. The certificate is trusted.");
    }
  }

  private static void assertPkixAccepts(SignedChain chain) throws GeneralSecurityException {
    Set<TrustAnchor> anchors = new HashSet<>();
    SignedChain.parse(chain.roots()).forEach(root -> anchors.add(new TrustAnchor(root, null)));
    var parameters = new PKIXParameters(anchors);
    parameters.setRevocationEnabled(false);
    List<X509Certificate> path = new ArrayList<>(List.of(chain.leaf()));
    chain.intermediates().forEach(each -> path.addAll(SignedChain.parse(each)));
    var certPath = CertificateFactory.getInstance("X.509").generateCertPath(path);
    assertThat(CertPathValidator.getInstance("PKIX").validate(certPath, parameters)).isNotNull();
  }

  private void assertReadTheSame(X509Certificate leaf, Csr.Key key) throws IOException {
    String serial = "%040x".formatted(leaf.getSerialNumber()).replaceFirst("^(00)+", "");
    assertThat(
            Openssl.run(
                "x509",
                "-noout",
                "-serial",
                "-dates",
                "-dateopt",
                "iso_8601",
                "-ext",
                "subjectAltName,keyUsage",
                "-in",
                file("leaf.pem")))
        .contains("serial=" + serial.toUpperCase(Locale.ROOT))
        .contains("notBefore=" + OPENSSL_DATE.format(leaf.getNotBefore().toInstant()))
        .contains("notAfter=" + OPENSSL_DATE.format(leaf.getNotAfter().toInstant()))
        .containsPattern("Subject Alternative Name: critical\\s+URI:" + ID + "\\s")
        .containsPattern("Key Usage: critical\\s+Digital Signature" + encipherment(key) + "\\s");
    assertThat(certtool("--certificate-info", "--infile=" + file("leaf.pem")))
        .contains("Serial Number (hex): " + serial)
        .contains("Not Before: " + GNUTLS_DATE.format(leaf.getNotBefore().toInstant()))
        .contains("Not After: " + GNUTLS_DATE.format(leaf.getNotAfter().toInstant()))
        .containsPattern("Subject Alternative Name \\(critical\\):\\s+URI: " + ID + "\\s")
        .contains("Key Usage (critical):\n\t\t\tDigital signature.");
  }

  private static String encipherment(Csr.Key key) {
    return key == Csr.Key.RSA_2048 ? ", Key Encipherment" : "";
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  private static String certtool(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(Peers.require("certtool").toString()));
    command.addAll(List.of(arguments));
    return Command.run(command);
  }
}

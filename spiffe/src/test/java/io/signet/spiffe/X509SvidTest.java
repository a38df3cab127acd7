package io.signet.spiffe;

import static io.signet.spiffe.Vectors.CART;
import static io.signet.spiffe.Vectors.EXAMPLE;
import static io.signet.spiffe.Vectors.NOW;
import static io.signet.spiffe.Vectors.chain;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertPathValidatorException.Reason;
import java.security.cert.PKIXReason;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class X509SvidTest {
  private static final TrustBundle BUNDLE = TrustBundle.ofPem(EXAMPLE, Vectors.pem("root"));

  // SPIFFE-18: other kinds of SAN are allowed. SPIFFE-20:
  // an empty subject with a critical SAN is fine. SPIFFE-27: extended key usage may be missing.
  // ISTIO-95: two levels; the ID is read from the certificate.
  @ParameterizedTest
  @ValueSource(strings = {"leaf", "leaf-dns", "leaf-no-eku"})
  void of_goodLeaf_carriesItsId(String leaf) throws Exception {
    X509Svid svid = X509Svid.of(chain(leaf, "intermediate"));
    assertThat(svid.id()).isEqualTo(CART);
    svid.verify(BUNDLE, NOW);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "leaf-two-uris            | 2 URI SANs (expected: exactly 1)", // SPIFFE-18
        "leaf-no-uri              | 0 URI SANs (expected: exactly 1)", // SPIFFE-18
        "leaf-no-san              | 0 URI SANs (expected: exactly 1)", // SPIFFE-18, ISTIO-95
        "leaf-http-uri            | scheme (expected: spiffe://...)", // SPIFFE-32
        "leaf-root-path           | leaf with ID spiffe://example.org (expected: a path)", // SPIFFE-19
        "leaf-root-slash          | path \"/\": trailing '/'", // SPIFFE-19
        "leaf-san-not-critical    | MUST be marked critical when subject field is empty", // SPIFFE-20
        "leaf-ca                  | leaf with cA=true (expected: cA=false)", // SPIFFE-24, SPIFFE-29
        "leaf-keycertsign         | leaf with keyCertSign (expected: none)", // SPIFFE-30
        "leaf-crlsign             | leaf with cRLSign (expected: none)", // SPIFFE-31
        "leaf-no-ku               | leaf without critical key usage", // SPIFFE-25
        "leaf-ku-not-critical     | leaf without critical key usage", // SPIFFE-25
        "leaf-no-digitalsignature | leaf without digitalSignature", // SPIFFE-26
        "leaf-eku-server-only     | extended key usage [1.3.6.1.5.5.7.3.1] (expected: serverAuth"
            + " and clientAuth)", // SPIFFE-27
        "leaf-eku-client-only     | extended key usage [1.3.6.1.5.5.7.3.2]", // SPIFFE-27
        "leaf-eku-malformed       | extended key usage", // SPIFFE-27
      })
  void of_leafBreaksARule_refusedByName(String leaf, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> X509Svid.of(chain(leaf, "intermediate")))
        .withMessageContaining(message);
  }

  // SPIFFE-23: an authority is no workload, and a workload no authority.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "intermediate-no-ca            | no CA (expected: cA=true and keyCertSign)", // SPIFFE-21
        "intermediate-no-keycertsign   | no CA (expected: cA=true and keyCertSign)", // SPIFFE-21
        "leaf                          | no CA (expected: cA=true and keyCertSign)", // SPIFFE-23
        "intermediate-with-path        | ID spiffe://example.org/ca (expected: an ID without a"
            + " path)", // SPIFFE-22
        "intermediate-ku-not-critical  | key usage not critical (expected: critical)", // SPIFFE-25
      })
  void of_issuerIsNoAuthority_refusedByName(String issuer, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> X509Svid.of(chain("leaf", issuer)))
        .withMessageContaining(message);
  }

  // SPIFFE-22: an authority without an ID is no SVID, which is allowed.
  @Test
  void of_issuerWithoutId_accepted() {
    assertThat(X509Svid.of(chain("leaf", "root-no-san")).id()).isEqualTo(CART);
  }

  // SPIFFE-23
  @Test
  void of_authorityAsLeaf_refused() {
    assertThatIllegalArgumentException().isThrownBy(() -> X509Svid.of(chain("intermediate")));
  }

  @Test
  void of_emptyChain_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> X509Svid.of(List.of()))
        .withMessage("X509-SVID: empty chain (expected: leaf first, at least 1 certificate)");
  }

  @Test
  void new_otherId_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new X509Svid(SpiffeId.of(EXAMPLE, "other"), chain("leaf")))
        .withMessage(
            "X509-SVID: spiffe://example.org/ns/shop/sa/cart"
                + " (expected: spiffe://example.org/other)");
  }

  @Test
  void new_laterChangeOfTheList_isNotSeen() {
    List<X509Certificate> chain = new ArrayList<>(chain("leaf", "intermediate"));
    X509Svid svid = new X509Svid(CART, chain);
    chain.clear();
    assertThat(svid.chain()).hasSize(2);
  }

  @Test
  void parsePem_printed_roundTrips() {
    String pem = Vectors.pem("leaf") + Vectors.pem("intermediate");
    X509Svid svid = X509Svid.parsePem(pem);
    assertThat(svid).isEqualTo(X509Svid.of(chain("leaf", "intermediate")));
    assertThat(svid.toPem()).isEqualTo(pem);
  }

  @Test
  void accessors_speakOfTheLeaf() {
    X509Svid svid = X509Svid.of(chain("leaf", "intermediate"));
    assertThat(svid.leaf()).isEqualTo(Vectors.certificate("leaf"));
    assertThat(svid.serial()).isEqualTo(SerialNumber.of(svid.leaf()));
    assertThat(svid.expiresAt()).isEqualTo("2100-01-01T00:00:00Z");
    assertThat(svid)
        .hasToString(
            "X509Svid[spiffe://example.org/ns/shop/sa/cart, serial %s, expires"
                + " 2100-01-01T00:00:00Z]",
            svid.serial());
  }

  // A leaf straight from an authority of the bundle. ISTIO-95: one level, and no chain is needed.
  @Test
  void verify_noIssuerBetween_accepted() {
    TrustBundle bundle = TrustBundle.ofPem(EXAMPLE, Vectors.pem("intermediate"));
    X509Svid svid = X509Svid.of(chain("leaf"));
    assertThatCode(() -> svid.verify(bundle, NOW)).doesNotThrowAnyException();
  }

  // RFC 5280 allows the root in the chain, though nobody needs it there.
  @Test
  void verify_chainWithRoot_accepted() {
    X509Svid svid = X509Svid.of(chain("leaf", "intermediate", "root"));
    assertThatCode(() -> svid.verify(BUNDLE, NOW)).doesNotThrowAnyException();
  }

  // One authority that does not fit must not hide another that does.
  @Test
  void verify_bundleOfSeveralAuthorities_accepted() {
    TrustBundle bundle =
        TrustBundle.ofPem(
            EXAMPLE, Vectors.pem("foreign-root") + Vectors.pem("root-rsa") + Vectors.pem("root"));
    X509Svid svid = X509Svid.of(chain("leaf", "intermediate"));
    assertThatCode(() -> svid.verify(bundle, NOW)).doesNotThrowAnyException();
  }

  // SPIFFE-28: dates include both ends
  @ParameterizedTest
  @ValueSource(strings = {"2026-01-01T00:00:00Z", "2098-12-31T23:59:59Z", "2099-01-01T00:00:00Z"})
  void verify_withinValidity_accepted(Instant at) {
    X509Svid svid = X509Svid.of(chain("leaf", "intermediate"));
    assertThatCode(() -> svid.verify(BUNDLE, at)).doesNotThrowAnyException();
  }

  // SPIFFE-28: the moment asked for counts, and not the present one.
  @ParameterizedTest
  @ValueSource(strings = {"2040-01-01T00:00:00Z", "2041-01-01T00:00:00Z"})
  void verify_leafOfTheFutureInItsTime_accepted(Instant at) {
    X509Svid svid = X509Svid.of(chain("leaf-later", "intermediate"));
    assertThatCode(() -> svid.verify(BUNDLE, at)).doesNotThrowAnyException();
  }

  // SPIFFE-28: expired, not yet valid
  @ParameterizedTest
  @CsvSource({
    "leaf-later,   2039-12-31T23:59:59Z, NOT_YET_VALID",
    "leaf-later,   2041-01-01T00:00:01Z, EXPIRED",
    "leaf-expired, 2030-01-01T00:00:00Z, EXPIRED"
  })
  void verify_outsideValidityOfLeaf_refused(String leaf, Instant at, BasicReason reason) {
    assertRefused(chain(leaf, "intermediate"), BUNDLE, at, reason);
  }

  // SPIFFE-28: the dates of the authority count too. The root ends in 2099, a year before the leaf.
  @ParameterizedTest
  @ValueSource(strings = {"2025-12-31T23:59:59Z", "2099-01-01T00:00:01Z", "2101-01-01T00:00:00Z"})
  void verify_outsideValidityOfAuthority_refused(Instant at) {
    assertRefused(chain("leaf", "intermediate"), BUNDLE, at, BasicReason.UNSPECIFIED)
        .withMessageContaining("no authority that is valid at " + at);
  }

  // SPIFFE-28: same name, other key. ISTIO-95: not verifiable from the root.
  @Test
  void verify_foreignRoot_refused() {
    TrustBundle foreign = TrustBundle.ofPem(EXAMPLE, Vectors.pem("foreign-root"));
    assertRefused(chain("leaf", "intermediate"), foreign, NOW, PKIXReason.NO_TRUST_ANCHOR);
  }

  // SPIFFE-28, ISTIO-95: no chain where one is needed.
  @Test
  void verify_missingIssuer_refused() {
    assertRefused(chain("leaf"), BUNDLE, NOW, PKIXReason.NO_TRUST_ANCHOR);
  }

  // SPIFFE-28: chain in the wrong order, or with a stranger in it. ISTIO-95: of another issuer.
  @Test
  void verify_otherIssuer_refused() {
    assertRefused(chain("leaf", "intermediate-constrained"), BUNDLE, NOW, PKIXReason.NAME_CHAINING);
  }

  // SPIFFE-28: name constraints on URIs
  @Test
  void verify_withinNameConstraint_accepted() {
    X509Svid svid = X509Svid.of(chain("leaf-constrained", "intermediate-constrained"));
    assertThatCode(() -> svid.verify(BUNDLE, NOW)).doesNotThrowAnyException();
  }

  // SPIFFE-28
  @Test
  void verify_outsideNameConstraint_refused() {
    TrustBundle bundle = TrustBundle.ofPem(new TrustDomain("other.example"), Vectors.pem("root"));
    assertRefused(
        chain("leaf-outside-constraint", "intermediate-constrained"),
        bundle,
        NOW,
        PKIXReason.INVALID_NAME);
  }

  // SPIFFE-28: names that java.net.URI does not take for a host, which the JDK's check of name
  // constraints does not expect.
  @ParameterizedTest
  @CsvSource({"leaf-underscore-constrained, a_b", "leaf-year-constrained, mesh.2024"})
  void verify_nameThatIsNoHostUnderConstraint_refusedByName(String leaf, String trustDomain) {
    TrustBundle bundle = TrustBundle.ofPem(new TrustDomain(trustDomain), Vectors.pem("root"));
    assertRefused(chain(leaf, "intermediate-constrained"), bundle, NOW, BasicReason.UNSPECIFIED)
        .withMessageContaining("spiffe://" + trustDomain + "/ns/shop/sa/cart");
  }

  // SPIFFE-5, SPIFFE-28: without a constraint they are names like any other.
  @Test
  void verify_nameThatIsNoHost_accepted() {
    TrustBundle bundle = TrustBundle.ofPem(new TrustDomain("a_b"), Vectors.pem("root"));
    X509Svid svid = X509Svid.of(chain("leaf-underscore", "intermediate"));
    assertThatCode(() -> svid.verify(bundle, NOW)).doesNotThrowAnyException();
  }

  // RFC 5280, 4.2: a critical extension that nobody knows
  @Test
  void verify_unknownCriticalExtension_refused() {
    assertRefused(
        chain("leaf-unknown-critical", "intermediate"),
        BUNDLE,
        NOW,
        PKIXReason.UNRECOGNIZED_CRIT_EXT);
  }

  // SPIFFE-55, SPIFFE-62: the right key under the wrong name vouches for nobody.
  @Test
  void verify_bundleOfOtherTrustDomain_refused() {
    TrustBundle other = TrustBundle.ofPem(new TrustDomain("example.net"), Vectors.pem("root"));
    assertRefused(chain("leaf", "intermediate"), other, NOW, BasicReason.UNSPECIFIED)
        .withMessageContaining("bundle of example.net (expected: of example.org)");
  }

  // SPIFFE-35, SPIFFE-51: no authorities, no trust
  @Test
  void verify_emptyBundle_refused() {
    assertRefused(
            chain("leaf", "intermediate"),
            TrustBundle.ofPem(EXAMPLE, ""),
            NOW,
            BasicReason.UNSPECIFIED)
        .withMessageContaining("no authority");
  }

  @CanIgnoreReturnValue
  private static ThrowableAssertAlternative<CertPathValidatorException> assertRefused(
      List<X509Certificate> chain, TrustBundle bundle, Instant at, Reason reason) {
    X509Svid svid = X509Svid.of(chain);
    return assertThatExceptionOfType(CertPathValidatorException.class)
        .isThrownBy(() -> svid.verify(bundle, at))
        .satisfies(e -> assertThat(e.getReason()).as(e.getMessage()).isEqualTo(reason));
  }
}

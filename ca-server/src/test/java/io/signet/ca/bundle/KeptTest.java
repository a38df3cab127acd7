package io.signet.ca.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.bundle.Found.Nothing;
import io.signet.ca.bundle.Found.Text;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.ForeignCa;
import io.signet.ca.testing.ForeignCa.Shape;
import io.signet.spiffe.Pem;
import io.signet.spiffe.TrustDomain;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of a bundle when its file changes. */
class KeptTest {
  private static final TrustDomain OTHER = new TrustDomain("other.org");
  private static final X509Certificate ONE = ForeignCa.root("one").certificate();
  private static final X509Certificate TWO = ForeignCa.root("two").certificate();

  private final Kept kept = first(ONE);

  @Test
  void first_authorities_bundleOfTheDomain() {
    assertThat(kept.bundle().trustDomain()).isEqualTo(OTHER);
    assertThat(kept.bundle().authorities()).containsExactly(ONE);
    assertThat(kept.bundle().sequence()).isZero();
    assertThat(kept.problem()).isEmpty();
  }

  // SPIFFE-49
  @Test
  void after_otherAuthorities_nextSequence() {
    Kept after = kept.after(text(ONE, TWO)).after(text(TWO));

    assertThat(after.bundle().authorities()).containsExactly(TWO);
    assertThat(after.bundle().sequence()).isEqualTo(2);
  }

  @Test
  void after_sameAuthorities_sameBundle() {
    Kept two = first(ONE, TWO);

    Kept other = two.after(new Text("# two roots\n" + Pem.encode(List.of(TWO, ONE))));

    assertThat(other.bundle()).isSameAs(two.bundle());
    assertThat(two.after(two.last())).isSameAs(two);
  }

  @Test
  void after_bad_lastGoodOneAndWhy() {
    Kept after = kept.after(new Text("-----BEGIN CERT"));

    assertThat(after.bundle()).isSameAs(kept.bundle());
    assertThat(after.problem().orElseThrow()).contains("PEM: malformed block at offset 0");
    assertThat(after.after(new Text("-----BEGIN CERT"))).isSameAs(after);
  }

  @Test
  void after_goodAgain_noProblem() {
    Kept after = kept.after(new Nothing("no such file")).after(text(ONE));

    assertThat(after.bundle()).isSameAs(kept.bundle());
    assertThat(after.problem()).isEmpty();
  }

  @Test
  void after_nothing_whatWasExpected() {
    assertThat(kept.after(new Nothing("no such file")).problem())
        .hasValue("no such file (expected: a file with the CA certificates of other.org as PEM)");
  }

  static Stream<Arguments> unfit() {
    return Stream.of(
        Arguments.of(new Text(""), "no certificate (expected: at least one)"),
        Arguments.of(new Text("hello"), "PEM: no block (expected: CERTIFICATE)"),
        Arguments.of(new Text(Pem.encode("PRIVATE KEY", new byte[] {1})), "PRIVATE KEY"),
        Arguments.of(shaped(Shape.named("x").leaf()), "cA=true and keyCertSign"),
        Arguments.of(shaped(Shape.named("x").usage(KeyUsage.cRLSign)), "cA=true and keyCertSign"),
        Arguments.of(shaped(Shape.named("x").usageNotCritical()), "expected: critical"),
        Arguments.of(
            shaped(Shape.named("x").purposes(KeyPurposeId.id_kp_codeSigning)),
            "expected: none, or serverAuth and clientAuth"),
        Arguments.of(
            shaped(Shape.named("x").uri("spiffe://third.org")),
            "it is of spiffe://third.org (expected: spiffe://other.org"),
        Arguments.of(
            shaped(Shape.named("x").uri("spiffe://other.org/a")), "expected: an ID without a path"),
        Arguments.of(
            shaped(Shape.named("x").permitting("third.org")),
            "forbid spiffe://other.org/any (expected: none, or such that allow it)"),
        // One bad one makes the file bad: it may be the one that is needed.
        Arguments.of(
            text(ONE, ForeignCa.root(Shape.named("x").leaf()).certificate()),
            "cA=true and keyCertSign"));
  }

  @ParameterizedTest
  @MethodSource("unfit")
  void first_unfit_refusedWithWhatWasExpected(Found found, String problem) {
    assertThatThrownBy(() -> Kept.first(OTHER, found))
        .isInstanceOf(BundleException.class)
        .hasMessageContaining(problem);
  }

  // Its owner leaves it there while the next one takes over, and a restart of ours must not fail.
  @Test
  void first_expiredAuthority_kept() {
    Shape expired = Shape.named("old").until(Fixtures.NOW.minusSeconds(60));

    assertThat(first(ONE, ForeignCa.root(expired).certificate()).bundle().authorities()).hasSize(2);
  }

  private static Kept first(X509Certificate... authorities) {
    try {
      return Kept.first(OTHER, text(authorities));
    } catch (BundleException e) {
      throw new AssertionError(e);
    }
  }

  private static Found shaped(Shape shape) {
    return text(ForeignCa.root(shape).certificate());
  }

  private static Found text(X509Certificate... authorities) {
    return new Text(Pem.encode(List.of(authorities)));
  }
}

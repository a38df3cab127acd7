package io.signet.ca.revocation;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.x509.RevocationReason;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every store of revocations does. */
public abstract class RevocationsContract {

  private static final Instant END = NOW.plusSeconds(3600);
  private static final SpiffeId OTHER = SpiffeId.parse("spiffe://example.org/ns/shop/sa/other");

  /** Empty, and the same at each call. */
  protected abstract Revocations revocations();

  @Test
  void add_new_foundAsItWas() throws Exception {
    Revocation one = revocation(1, END);

    assertThat(revocations().add(List.of(one))).containsExactly(one);

    assertThat(revocations().endingFrom(NOW)).containsExactly(one);
  }

  @Test
  void add_again_nothingChanged() throws Exception {
    Revocation one = revocation(1, END);
    assertThat(revocations().add(List.of(one))).hasSize(1);
    Revocation again =
        new Revocation(
            one.serial(), one.authority(), OTHER, RevocationReason.SUPERSEDED, END, "x", END);

    assertThat(revocations().add(List.of(again, revocation(2, END))))
        .containsExactly(revocation(2, END));

    assertThat(revocations().endingFrom(NOW)).containsExactly(one, revocation(2, END));
  }

  @Test
  void add_twiceInOneList_once() throws Exception {
    assertThat(revocations().add(List.of(revocation(1, END), revocation(1, END)))).hasSize(1);
  }

  @Test
  void endingFrom_ended_left() throws Exception {
    assertThat(revocations().add(List.of(revocation(1, END), revocation(2, END.plusSeconds(1)))))
        .hasSize(2);

    assertThat(revocations().endingFrom(END)).hasSize(2);
    assertThat(revocations().endingFrom(END.plusSeconds(1)))
        .containsExactly(revocation(2, END.plusSeconds(1)));
  }

  @Test
  void version_eachChange_grows() throws Exception {
    long before = revocations().version();
    assertThat(revocations().version()).isEqualTo(before);

    assertThat(revocations().add(List.of(revocation(1, END)))).hasSize(1);
    long added = revocations().version();
    assertThat(revocations().deny(denial(CART))).isTrue();
    long denied = revocations().version();
    assertThat(revocations().lift(CART)).isTrue();

    assertThat(List.of(before, added, denied, revocations().version()))
        .isSorted()
        .doesNotHaveDuplicates();
  }

  @Test
  void deny_new_listed() throws Exception {
    assertThat(revocations().deny(denial(CART))).isTrue();

    assertThat(revocations().denied()).containsExactly(denial(CART));
  }

  @Test
  void deny_again_firstStays() throws Exception {
    assertThat(revocations().deny(denial(CART))).isTrue();

    assertThat(revocations().deny(new Denial(CART, RevocationReason.SUPERSEDED, END, "x")))
        .isFalse();

    assertThat(revocations().denied()).containsExactly(denial(CART));
  }

  @Test
  void lift_denied_gone() throws Exception {
    assertThat(revocations().deny(denial(CART))).isTrue();
    assertThat(revocations().deny(denial(OTHER))).isTrue();

    assertThat(revocations().lift(CART)).isTrue();
    assertThat(revocations().lift(CART)).isFalse();

    assertThat(revocations().denied()).containsExactly(denial(OTHER));
  }

  @Test
  void prune_ended_forgotten() throws Exception {
    assertThat(revocations().add(List.of(revocation(1, END), revocation(2, END.plusSeconds(1)))))
        .hasSize(2);

    assertThat(revocations().prune(END.plusSeconds(1))).isOne();

    assertThat(revocations().endingFrom(Instant.EPOCH))
        .containsExactly(revocation(2, END.plusSeconds(1)));
  }

  // Two administrators at once, of two replicas.
  @Test
  void add_sameByMany_oneEach() throws Exception {
    List<Revocation> all =
        IntStream.rangeClosed(1, 20).mapToObj(serial -> revocation(serial, END)).toList();
    Callable<List<Revocation>> add = () -> revocations().add(all);
    int added = 0;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var each : threads.invokeAll(List.of(add, add, add, add))) {
        added += each.get().size();
      }
    }

    assertThat(added).isEqualTo(20);
    assertThat(revocations().endingFrom(NOW)).hasSize(20);
  }

  protected static Revocation revocation(int serial, Instant end) {
    return new Revocation(
        new SerialNumber(BigInteger.valueOf(serial)),
        new AuthorityId("0123456789abcdef0123456789abcdef01234567"),
        CART,
        RevocationReason.KEY_COMPROMISE,
        NOW,
        "jo",
        end);
  }

  private static Denial denial(SpiffeId id) {
    return new Denial(id, RevocationReason.KEY_COMPROMISE, NOW, "jo");
  }
}

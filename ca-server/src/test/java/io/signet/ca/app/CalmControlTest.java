package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.rotation.AuthorityStatus;
import io.signet.ca.rotation.Generation;
import io.signet.ca.rotation.Progress;
import io.signet.ca.rotation.RotationControl;
import io.signet.ca.rotation.RotationState.Steady;
import io.signet.ca.rotation.RotationState.Terms;
import io.signet.ca.rotation.RotationStatus;
import io.signet.ca.testing.Fixtures;
import io.signet.hsm.KeyLabel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** However many ask, the store is asked once a second. */
final class CalmControlTest {

  private final Looks looks = new Looks();
  private long nanos;
  private final CalmControl control = new CalmControl(looks, () -> nanos);

  @Test
  void status_askedOften_oneLookASecond() throws Exception {
    RotationStatus first = control.status();
    nanos += Duration.ofMillis(999).toNanos();
    assertThat(control.status()).isSameAs(first);

    nanos += Duration.ofMillis(1).toNanos();
    assertThat(control.status()).isNotSameAs(first);
    assertThat(looks.count).isEqualTo(2);
  }

  @Test
  void status_afterAnAct_lookedAtAnew() throws Exception {
    RotationStatus before = control.status();
    control.approve("alice");

    assertThat(control.status()).isNotSameAs(before);
  }

  /** Counts how often it is looked at. */
  private static final class Looks implements RotationControl {
    private int count;

    @Override
    public RotationStatus status() {
      count++;
      return new RotationStatus(
          Fixtures.NOW,
          new Steady(
              new Generation(1, new KeyLabel("root-1")),
              1,
              new Terms(Fixtures.NOW, false, false, false),
              Optional.empty()),
          List.of(),
          Progress.NONE,
          Optional.empty(),
          List.of(),
          false,
          Optional.empty(),
          List.of());
    }

    @Override
    public List<AuthorityStatus> authorities() {
      return List.of();
    }

    @Override
    public void start(String by, String reason, Optional<String> compromised) {}

    @Override
    public void approve(String by) {}

    @Override
    public void force(String by, String reason) {}

    @Override
    public void cancel(String by, String reason) {}
  }
}

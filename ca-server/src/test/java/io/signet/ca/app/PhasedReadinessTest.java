package io.signet.ca.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.http.Readiness.Problem;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PhasedReadinessTest {

  private final PhasedReadiness readiness = new PhasedReadiness();

  @Test
  void problems_fromStartToStop_blockingButWhileItServes() {
    assertThat(readiness.problems()).containsExactly(new Problem("start", "it is starting", true));
    readiness.waits("keys", "the token is not there");
    assertThat(readiness.problems())
        .containsExactly(new Problem("keys", "the token is not there", true));

    readiness.goesOn();
    assertThat(readiness.problems()).containsExactly(new Problem("start", "it is starting", true));

    readiness.serves(List::of);
    assertThat(readiness.problems()).isEmpty();

    readiness.close();
    assertThat(readiness.problems()).containsExactly(new Problem("stop", "it is stopping", true));
  }
}

package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.grpc.Status;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What callers are told when they do not get what they ask for. */
final class Refusals {
  private Refusals() {}

  /** Makes a call that is refused, and returns the status. */
  static Status refusal(ThrowingCallable call) {
    Throwable thrown = catchThrowable(call);
    assertThat(thrown).as("a call that should be refused").isNotNull();
    return Status.fromThrowable(thrown);
  }
}

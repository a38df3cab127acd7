package io.signet.e2e;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What callers are told when they do not get what they ask for. */
final class Refusals {
  private static final Metadata.Key<String> REQUEST_ID =
      Metadata.Key.of("signet-request-id", Metadata.ASCII_STRING_MARSHALLER);

  private Refusals() {}

  /** Makes a call that is refused, and returns the status. */
  static Status refusal(ThrowingCallable call) {
    Throwable thrown = catchThrowable(call);
    assertThat(thrown).as("a call that should be refused").isNotNull();
    return Status.fromThrowable(thrown);
  }

  /** The line of the audit that tells of this one. */
  static String audited(SignetProcess signet, StatusRuntimeException refusal) {
    var trailers = requireNonNull(Status.trailersFromThrowable(refusal));
    String id = String.valueOf(trailers.get(REQUEST_ID));
    assertThat(id).matches("[0-9a-f]{16}");
    return signet
        .log()
        .lines()
        .filter(line -> line.contains("\"request\":\"" + id + "\""))
        .findFirst()
        .orElseThrow();
  }
}

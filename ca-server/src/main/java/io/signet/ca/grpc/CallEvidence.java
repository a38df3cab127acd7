package io.signet.ca.grpc;

import static io.grpc.Metadata.ASCII_STRING_MARSHALLER;

import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.signet.attestation.Evidence;
import io.signet.ca.caller.ShownEvidence;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Collects what a caller shows of itself, for the handlers of the call; judges nothing. */
final class CallEvidence implements ServerInterceptor {
  private static final Context.Key<List<Evidence>> SHOWN =
      Context.keyWithDefault("signet-evidence", List.of());
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of(ShownEvidence.AUTHORIZATION, ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> CLUSTER =
      Metadata.Key.of(ShownEvidence.CLUSTER, ASCII_STRING_MARSHALLER);

  /** What the caller of the current call showed; empty outside a call. */
  static List<Evidence> current() {
    return SHOWN.get();
  }

  @Override
  public <Q, S> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
    Context context = Context.current().withValue(SHOWN, shown(headers, call.getAttributes()));
    return Contexts.interceptCall(context, call, headers, next);
  }

  private static List<Evidence> shown(Metadata headers, Attributes transport) {
    List<Evidence> shown =
        new ArrayList<>(
            ShownEvidence.of(
                values(headers, AUTHORIZATION),
                values(headers, CLUSTER),
                transport.get(Grpc.TRANSPORT_ATTR_SSL_SESSION)));
    Optional.ofNullable(transport.get(UnixSocketCredentials.PEER)).ifPresent(shown::add);
    return List.copyOf(shown);
  }

  private static List<String> values(Metadata headers, Metadata.Key<String> key) {
    List<String> values = new ArrayList<>();
    Optional.ofNullable(headers.getAll(key)).ifPresent(all -> all.forEach(values::add));
    return values;
  }
}

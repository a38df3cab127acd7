package io.signet.ca.grpc;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.stream.Collectors.toSet;

import com.google.protobuf.ListValue;
import com.google.protobuf.Value;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.signet.attestation.Evidence;
import io.signet.ca.caller.Statuses;
import io.signet.ca.issuance.Call;
import io.signet.ca.issuance.Issuance;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.issuance.IssuanceRequest;
import io.signet.ca.issuance.Limits;
import io.signet.ca.x509.CsrParser;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateResponse;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import io.signet.proto.istio.IstioCertificateServiceGrpc.IstioCertificateServiceImplBase;
import io.signet.sds.Timer;
import io.signet.spiffe.Pem;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Istio's {@code CreateCertificate} (ISTIO-8): sidecars, gateways, waypoints and ztunnel get their
 * certificates here. Never blocks the thread of the call: issuance has a virtual one of its own.
 */
public final class IstioCertificateEndpoint extends IstioCertificateServiceImplBase {

  /**
   * The field of the metadata, a boolean, by which an issuing authority is asked for instead of an
   * SVID. It is ours; other servers read over it.
   */
  public static final String AUTHORITY = "signet.io/authority";

  /**
   * The field of the metadata, a list of strings, by which whoever asks for an issuing authority
   * says whom it trusts: the fingerprint of each root. For it does not take that from our answer.
   */
  public static final String ROOTS = "signet.io/roots";

  private static final Logger LOG = LoggerFactory.getLogger(IstioCertificateEndpoint.class);

  // ISTIO-62: far above any lifetime that is granted, far below what overflows a date.
  private static final long LONGEST_WISH = Duration.ofDays(3650).toSeconds();

  private static final String IMPERSONATED = "ImpersonatedIdentity";
  // As istiod reads it: an empty name is none.
  private static final Value NOBODY = Value.newBuilder().setStringValue("").build();
  private static final Value NO_AUTHORITY = Value.newBuilder().setBoolValue(false).build();
  private static final Value NO_ROOTS =
      Value.newBuilder().setListValue(ListValue.getDefaultInstance()).build();
  private static final Pattern FINGERPRINT = Pattern.compile("[0-9a-f]{64}");

  // By this name each line of the log that is written for a request holds its id.
  private static final String LOGGED_ID = "request";

  private final Issuance issuance;
  private final Consumer<Issued> unreceived;
  private final CsrEvents events;
  private final Limits limits;
  private final Duration limit;
  private final Timer timer;
  private final Executor workers;

  /**
   * @param unreceived told of what was issued when its call was over; may block
   * @param limits of which only that of all together counts here
   * @param limit for one request, whatever deadline the client has set: Istio's agent sets none and
   *     would wait for ever (ISTIO-30)
   * @param timer tells when that has passed
   */
  public IstioCertificateEndpoint(
      Issuance issuance,
      Consumer<Issued> unreceived,
      CsrEvents events,
      Limits limits,
      Duration limit,
      Timer timer) {
    this(
        issuance,
        unreceived,
        events,
        limits,
        limit,
        timer,
        IstioCertificateEndpoint::onThreadOfItsOwn);
  }

  IstioCertificateEndpoint(
      Issuance issuance,
      Consumer<Issued> unreceived,
      CsrEvents events,
      Limits limits,
      Duration limit,
      Timer timer,
      Executor workers) {
    this.issuance = issuance;
    this.unreceived = unreceived;
    this.events = events;
    this.limits = limits;
    this.limit = limit;
    this.timer = timer;
    this.workers = Context.currentContextExecutor(workers);
  }

  // With a builder for each: event loops come here at once, and a builder is for one thread only.
  private static void onThreadOfItsOwn(Runnable task) {
    var _ = Thread.ofVirtual().name("issuance").start(task);
  }

  /** Whether this is the endpoint's method. */
  static boolean serves(MethodDescriptor<?, ?> method) {
    return method
        .getFullMethodName()
        .equals(IstioCertificateServiceGrpc.getCreateCertificateMethod().getFullMethodName());
  }

  @Override
  public void createCertificate(
      IstioCertificateRequest request, StreamObserver<IstioCertificateResponse> caller) {
    // Who is gone needs no answer; without this, gRPC takes one for a bug of ours.
    ((ServerCallStreamObserver<IstioCertificateResponse>) caller).setOnCancelHandler(() -> {});
    List<Evidence> shown = CallEvidence.current();
    Call call = call(Context.current(), Deadline.after(limit.toNanos(), NANOSECONDS));
    Optional<Refused> refused = unfit(request).or(() -> issue(asked(request, call, shown), caller));
    if (refused.isPresent()) {
      events.refused(call, shown, refused.get());
      caller.onError(Statuses.of(refused.get()).asException());
    }
  }

  /** It is over when the caller is gone, when its deadline passed, or ours. */
  private static Call call(Context context, Deadline ours) {
    return CallOrigin.current().call(() -> context.isCancelled() || ours.isExpired());
  }

  private static Optional<Refused> unfit(IstioCertificateRequest request) {
    int size = request.getCsrBytes().size();
    // The parser's own limit, but before anybody is attested for it.
    if (size > CsrParser.LONGEST) {
      String detail = "CSR of %d bytes (expected: at most %d)".formatted(size, CsrParser.LONGEST);
      return Optional.of(new Refused(Why.BAD_REQUEST, detail));
    }
    Value authority = authority(request);
    if (!authority.hasBoolValue()) {
      String detail = "%s: %s (expected: a boolean)".formatted(AUTHORITY, authority.getKindCase());
      return Optional.of(new Refused(Why.BAD_REQUEST, detail));
    }
    Value roots = roots(request);
    if (!areFingerprints(roots)) {
      String detail =
          "%s: %s (expected: a list of SHA-256 in 64 lower-case hexadecimal digits)"
              .formatted(ROOTS, roots.getKindCase());
      return Optional.of(new Refused(Why.BAD_REQUEST, detail));
    }
    Value whom = whom(request);
    return whom.hasStringValue() ? Optional.empty() : Optional.of(noName(whom));
  }

  // ISTIO-26: as opaque as any other failure to impersonate.
  private static Refused noName(Value whom) {
    String detail = "%s: %s (expected: one string)".formatted(IMPERSONATED, whom.getKindCase());
    return new Refused(Why.UNAUTHENTICATED, detail);
  }

  private static Optional<String> impersonated(IstioCertificateRequest request) {
    return Optional.of(whom(request).getStringValue()).filter(name -> !name.isEmpty());
  }

  // All other metadata is for other authorities (ISTIO-9, ISTIO-12).
  private static Value whom(IstioCertificateRequest request) {
    return request.getMetadata().getFieldsOrDefault(IMPERSONATED, NOBODY);
  }

  private static Value authority(IstioCertificateRequest request) {
    return request.getMetadata().getFieldsOrDefault(AUTHORITY, NO_AUTHORITY);
  }

  private static Value roots(IstioCertificateRequest request) {
    return request.getMetadata().getFieldsOrDefault(ROOTS, NO_ROOTS);
  }

  private static boolean areFingerprints(Value roots) {
    return roots.hasListValue()
        && strings(roots).allMatch(each -> FINGERPRINT.matcher(each).matches());
  }

  private static Stream<String> strings(Value list) {
    return list.getListValue().getValuesList().stream().map(Value::getStringValue);
  }

  private static IssuanceRequest asked(
      IstioCertificateRequest request, Call call, List<Evidence> shown) {
    byte[] csr = request.getCsrBytes().toByteArray();
    return new IssuanceRequest(
        call,
        shown,
        csr,
        lifetime(request.getValidityDuration()),
        impersonated(request),
        authority(request).getBoolValue(),
        strings(roots(request)).collect(toSet()));
  }

  private static Optional<Duration> lifetime(long seconds) {
    return seconds <= 0
        ? Optional.empty()
        : Optional.of(Duration.ofSeconds(Math.min(seconds, LONGEST_WISH)));
  }

  // On timeout the work goes on without us: to interrupt it could close the files of an embedded
  // store, whose channels a thread's interrupt closes. But no request begins its turn after that.
  private Optional<Refused> issue(
      IssuanceRequest asked, StreamObserver<IstioCertificateResponse> caller) {
    var work = new CompletableFuture<IstioCertificateResponse>();
    Optional<Refused> crowded = limits.begin(workers, () -> complete(work, asked));
    if (crowded.isEmpty()) {
      respond(work, asked, caller);
    }
    return crowded;
  }

  // On this thread, and not at all if the limit has passed before there was one.
  private void complete(CompletableFuture<IstioCertificateResponse> work, IssuanceRequest asked) {
    if (work.isDone()) {
      return;
    }
    try (var _ = MDC.putCloseable(LOGGED_ID, asked.call().id())) {
      switch (issuance.issue(asked)) {
        case Issued issued -> complete(work, issued);
        case Refused refused -> {
          var _ = work.completeExceptionally(Statuses.of(refused).asRuntimeException());
        }
      }
    } catch (RuntimeException | Error e) {
      var _ = work.completeExceptionally(e);
    }
  }

  // Who is gone, or was told that it took too long, goes on with what it had before.
  private void complete(CompletableFuture<IstioCertificateResponse> work, Issued issued) {
    boolean gone = Context.current().isCancelled();
    boolean answered = false;
    try {
      answered = work.complete(response(issued));
    } finally {
      if (gone || !answered) {
        unreceived.accept(issued);
      }
    }
  }

  private void respond(
      CompletableFuture<IstioCertificateResponse> work,
      IssuanceRequest asked,
      StreamObserver<IstioCertificateResponse> caller) {
    var end = timer.after(limit, () -> work.completeExceptionally(new TimeoutException()));
    var _ =
        work.whenComplete((answer, failure) -> {
          end.cancel();
          if (answer == null) {
            caller.onError(status(asked, failure).asException());
          } else {
            caller.onNext(answer);
            caller.onCompleted();
          }
        });
  }

  private Status status(IssuanceRequest asked, @Nullable Throwable failure) {
    if (failure instanceof TimeoutException) {
      events.abandoned(asked.call(), asked.shown(), limit);
      return Statuses.tookTooLong();
    }
    if (failure instanceof StatusRuntimeException refused) {
      return refused.getStatus();
    }
    LOG.error("request {} ended without an outcome", asked.call().id(), failure);
    return Statuses.ourFault();
  }

  // ISTIO-2, 21 to 25: the certificate, each intermediate by itself, then all roots in one element.
  private static IstioCertificateResponse response(Issued issued) {
    List<X509Certificate> roots = issued.bundle().authorities();
    if (roots.isEmpty()) {
      throw new IllegalStateException("no root to trust " + issued.id() + " with");
    }
    var response = IstioCertificateResponse.newBuilder();
    issued.chain().stream()
        .filter(certificate -> !roots.contains(certificate))
        .forEach(certificate -> response.addCertChain(Pem.encode(List.of(certificate))));
    return response.addCertChain(issued.bundle().toPem()).build();
  }
}

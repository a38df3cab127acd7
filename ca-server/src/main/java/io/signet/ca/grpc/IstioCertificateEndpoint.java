package io.signet.ca.grpc;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import com.google.protobuf.Value;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import io.signet.attestation.Evidence;
import io.signet.ca.issuance.Issuance;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.issuance.IssuanceRequest;
import io.signet.ca.x509.CsrParser;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateResponse;
import io.signet.proto.istio.IstioCertificateServiceGrpc.IstioCertificateServiceImplBase;
import io.signet.spiffe.Pem;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Istio's {@code CreateCertificate} (ISTIO-8): sidecars, gateways, waypoints and ztunnel get their
 * certificates here. Blocks the thread of the call, which is a virtual one.
 */
public final class IstioCertificateEndpoint extends IstioCertificateServiceImplBase {
  private static final Logger LOG = LoggerFactory.getLogger(IstioCertificateEndpoint.class);

  // ISTIO-62: far above any lifetime that is granted, far below what overflows a date.
  private static final long LONGEST_WISH = Duration.ofDays(3650).toSeconds();

  private static final String IMPERSONATED = "ImpersonatedIdentity";
  // As istiod reads it: an empty name is none.
  private static final Value NOBODY = Value.newBuilder().setStringValue("").build();

  private final Issuance issuance;
  private final CsrEvents events;
  private final Duration limit;

  /**
   * @param limit for one request, whatever deadline the client has set: Istio's agent sets none and
   *     would wait for ever (ISTIO-30)
   */
  public IstioCertificateEndpoint(Issuance issuance, CsrEvents events, Duration limit) {
    this.issuance = issuance;
    this.events = events;
    this.limit = limit;
  }

  @Override
  public void createCertificate(
      IstioCertificateRequest request, StreamObserver<IstioCertificateResponse> caller) {
    try {
      caller.onNext(answer(request, CallEvidence.current()));
      caller.onCompleted();
    } catch (StatusException e) {
      caller.onError(e);
    }
  }

  private IstioCertificateResponse answer(IstioCertificateRequest request, List<Evidence> shown)
      throws StatusException {
    Optional<Refused> unfit = unfit(request);
    if (unfit.isPresent()) {
      events.refused(shown, unfit.get());
      throw Statuses.of(unfit.get()).asException();
    }
    byte[] csr = request.getCsrBytes().toByteArray();
    var asked =
        new IssuanceRequest(
            shown, csr, lifetime(request.getValidityDuration()), impersonated(request));
    return switch (issueInTime(asked)) {
      case Issued issued -> response(issued);
      case Refused refused -> throw Statuses.of(refused).asException();
    };
  }

  private static Optional<Refused> unfit(IstioCertificateRequest request) {
    int size = request.getCsrBytes().size();
    // The parser's own limit, but before anybody is attested for it.
    if (size > CsrParser.LONGEST) {
      String detail = "CSR of %d bytes (expected: at most %d)".formatted(size, CsrParser.LONGEST);
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

  private static Optional<Duration> lifetime(long seconds) {
    return seconds <= 0
        ? Optional.empty()
        : Optional.of(Duration.ofSeconds(Math.min(seconds, LONGEST_WISH)));
  }

  // On timeout the work goes on without us: to interrupt it could close the files of an embedded
  // store, whose channels a thread's interrupt closes.
  private IssuanceOutcome issueInTime(IssuanceRequest asked) throws StatusException {
    var work = new FutureTask<>(() -> issuance.issue(asked));
    Thread.ofVirtual().name("issuance").start(work);
    try {
      return work.get(limit.toNanos(), NANOSECONDS);
    } catch (TimeoutException e) {
      events.abandoned(asked.shown(), limit);
      throw Statuses.tookTooLong().asException();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Statuses.tookTooLong().asException();
    } catch (ExecutionException e) {
      LOG.error("issuance failed without an outcome", e.getCause());
      throw Statuses.ourFault().asException();
    }
  }

  // ISTIO-2, 21 to 25: the leaf, each intermediate by itself, then all roots in one element.
  private static IstioCertificateResponse response(Issued issued) throws StatusException {
    List<X509Certificate> roots = issued.bundle().authorities();
    if (roots.isEmpty()) {
      LOG.error("{} was issued, but there is no root to trust it with", issued.svid());
      throw Statuses.ourFault().asException();
    }
    var response = IstioCertificateResponse.newBuilder();
    issued.svid().chain().stream()
        .filter(certificate -> !roots.contains(certificate))
        .forEach(certificate -> response.addCertChain(Pem.encode(List.of(certificate))));
    return response.addCertChain(issued.bundle().toPem()).build();
  }
}

package io.signet.ca.app;

import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.signet.ca.authority.UpstreamCa;
import io.signet.ca.cli.Connection;
import io.signet.ca.cli.LocalFiles;
import io.signet.ca.config.AuthorityConfig.Root.InSignet;
import io.signet.ca.grpc.IstioCertificateEndpoint;
import io.signet.ca.x509.Fingerprints;
import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.spiffe.Pem;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Another Signet, which signs our issuing authorities at the endpoint for certificate requests.
 *
 * @param roots whom we trust, which it is told
 */
record UpstreamSignet(InSignet place, List<X509Certificate> roots) implements UpstreamCa {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** What became of a call that failed, and what a person may look at. */
  private record Diagnosis(Fault fault, String check) {}

  // With a connection of its own: it is asked once in days, and one that was kept would first have
  // to find out that it is broken.
  @Override
  public List<X509Certificate> certify(Wish wish) throws CustodyException {
    try (Connection connection =
        Connection.tls(place.address(), place.rootsFile(), Optional.empty())) {
      return certificates(
          connection.createCertificate(
              request(wish), Optional.of(place.tokenFile()), place.cluster(), PATIENCE));
    } catch (IOException e) {
      throw failure(Fault.DENIED, LocalFiles.problem(e), e);
    } catch (StatusRuntimeException e) {
      Diagnosis diagnosis = isUntrusted(e) ? untrusted() : diagnosis(e.getStatus().getCode());
      String problem = Connection.problem(place.address(), e);
      throw failure(diagnosis.fault(), problem + "; " + diagnosis.check(), e);
    }
  }

  private IstioCertificateRequest request(Wish wish) {
    return IstioCertificateRequest.newBuilder()
        .setCsr(Pem.encode("CERTIFICATE REQUEST", wish.request()))
        .setValidityDuration(wish.lifetime().toSeconds())
        .setMetadata(
            Struct.newBuilder()
                .putFields(
                    IstioCertificateEndpoint.AUTHORITY,
                    Value.newBuilder().setBoolValue(true).build())
                .putFields(IstioCertificateEndpoint.ROOTS, fingerprints()))
        .build();
  }

  // The one above may not take us for one that has the roots of its answer, which we read over.
  private Value fingerprints() {
    ListValue.Builder all = ListValue.newBuilder();
    roots.stream()
        .map(Fingerprints::of)
        .map(each -> Value.newBuilder().setStringValue(each))
        .forEach(all::addValues);
    return Value.newBuilder().setListValue(all).build();
  }

  // The last element is the roots (ISTIO-21, 22), and whom to trust is not for others to say.
  private List<X509Certificate> certificates(List<String> answer) throws CustodyException {
    if (answer.size() < 2) {
      throw noChain(
          "%d elements in the answer (expected: certificates, then the roots)"
              .formatted(answer.size()),
          null);
    }
    try {
      return answer.subList(0, answer.size() - 1).stream()
          .flatMap(pem -> Pem.certificates(pem).stream())
          .toList();
    } catch (IllegalArgumentException e) {
      throw noChain(e.getMessage() + " (expected: certificates)", e);
    }
  }

  private CustodyException noChain(String why, @Nullable Exception cause) {
    return failure(Fault.REJECTED, place.address() + ": " + why, cause);
  }

  private static Diagnosis diagnosis(Status.Code code) {
    return switch (code) {
      case UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL, UNKNOWN, CANCELLED, ABORTED, DATA_LOSS, OK ->
          new Diagnosis(Fault.LOST, "is the workload plane of that Signet there, and is it ready?");
      case RESOURCE_EXHAUSTED ->
          new Diagnosis(Fault.BUSY, "check limits.per-identity and limits.per-address there");
      case UNAUTHENTICATED ->
          new Diagnosis(
              Fault.DENIED,
              "check authority.signet.token-file and authority.signet.cluster, and attestation"
                  + " there");
      case PERMISSION_DENIED ->
          new Diagnosis(
              Fault.DENIED,
              "check issuing-authority there, in the rule of entitlements for this caller");
      case UNIMPLEMENTED ->
          new Diagnosis(Fault.REJECTED, "is that the workload plane of a Signet?");
      case INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, OUT_OF_RANGE ->
          new Diagnosis(Fault.REJECTED, "is that a Signet that signs issuing authorities?");
    };
  }

  // Nobody but a person mends a certificate, though gRPC calls it unavailable.
  private static Diagnosis untrusted() {
    return new Diagnosis(
        Fault.DENIED,
        "its certificate must lead to authority.roots-file and hold the host of"
            + " authority.signet.address");
  }

  private static boolean isUntrusted(Throwable failure) {
    Throwable cause = failure.getCause();
    return cause != null && (cause instanceof CertificateException || isUntrusted(cause));
  }

  private static CustodyException failure(Fault fault, String why, @Nullable Exception cause) {
    return new CustodyException(fault, "authority.signet: " + why, cause);
  }

  @Override
  public void close() {} // nothing is kept open
}

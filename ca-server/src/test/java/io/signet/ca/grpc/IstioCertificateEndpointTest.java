package io.signet.ca.grpc;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.protobuf.ByteString;
import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.ca.grpc.FakeIssuance.Early;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.tls.TestCertificates;
import io.signet.ca.x509.Fingerprints;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.spiffe.Pem;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class IstioCertificateEndpointTest {

  private static final String ROOT = Fingerprints.of(WorkloadPlane.ROOT.certificate());
  private static final IstioCertificateRequest REQUEST =
      WorkloadPlane.REQUEST.toBuilder().setValidityDuration(3600).build();

  private WorkloadPlane plane;

  @BeforeEach
  void start() throws IOException {
    plane = new WorkloadPlane();
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  // ISTIO-2, ISTIO-21, ISTIO-22, ISTIO-25. ISTIO-91: two roots, as during a rotation. ISTIO-92:
  // successful signing. ISTIO-95: a root appended to the first.
  @Test
  void create_leafUnderIntermediate_eachByItselfAndRootsTogether() {
    var second = TestCertificates.root("second root");
    plane.issuance.answer =
        _ -> WorkloadPlane.issued(WorkloadPlane.WORKLOAD, WorkloadPlane.ROOT, second);

    List<String> chain = plane.client().createCertificate(REQUEST).getCertChainList();

    assertThat(chain)
        .containsExactly(
            Pem.encode(List.of(WorkloadPlane.WORKLOAD.certificate())),
            Pem.encode(List.of(WorkloadPlane.INTERMEDIATE.certificate())),
            Pem.encode(List.of(WorkloadPlane.ROOT.certificate(), second.certificate())))
        .allSatisfy(element -> assertThat(element).endsWith("\n"));
  }

  // ISTIO-22, ISTIO-92: a chain of several has one certificate in each element.
  @Test
  void create_leafUnderTwoIntermediates_eachByItself() {
    var upper = WorkloadPlane.ROOT.intermediate("upper");
    var lower = upper.intermediate("lower");
    var leaf = lower.workload("spiffe://example.org/ns/a/sa/b");
    plane.issuance.answer = _ -> WorkloadPlane.issued(leaf, WorkloadPlane.ROOT);

    assertThat(plane.client().createCertificate(REQUEST).getCertChainList())
        .isEqualTo(
            Stream.of(leaf, lower, upper, WorkloadPlane.ROOT)
                .map(each -> Pem.encode(List.of(each.certificate())))
                .toList());
  }

  // ISTIO-21: an agent takes fewer than two elements for an error.
  @Test
  void create_leafUnderRoot_twoElements() {
    var leaf = WorkloadPlane.ROOT.workload("spiffe://example.org/ns/a/sa/b");
    plane.issuance.answer = _ -> WorkloadPlane.issued(leaf, WorkloadPlane.ROOT);

    assertThat(plane.client().createCertificate(REQUEST).getCertChainList())
        .containsExactly(
            Pem.encode(List.of(leaf.certificate())),
            Pem.encode(List.of(WorkloadPlane.ROOT.certificate())));
  }

  // ISTIO-25: istiod repeats a root that stands in its chain file.
  @Test
  void create_chainWithRoot_rootOnlyInLastElement() {
    var withRoot =
        new TestCertificates(
            WorkloadPlane.WORKLOAD.certificate(),
            WorkloadPlane.WORKLOAD.keys(),
            List.of(WorkloadPlane.INTERMEDIATE.certificate(), WorkloadPlane.ROOT.certificate()));
    plane.issuance.answer = _ -> WorkloadPlane.issued(withRoot, WorkloadPlane.ROOT);

    assertThat(plane.client().createCertificate(REQUEST).getCertChainList()).hasSize(3);
  }

  @Test
  void create_noRootToTrust_internal() {
    plane.issuance.answer = _ -> WorkloadPlane.issued(WorkloadPlane.WORKLOAD);

    assertThat(refusal(REQUEST)).isEqualTo(status(Status.INTERNAL, "internal error"));
  }

  @Test
  void create_request_reachesIssuanceAsItCame() throws InterruptedException {
    var _ = plane.client().createCertificate(REQUEST);

    var asked = plane.issuance.asked.take();
    assertThat(asked.csr()).asString().isEqualTo("a CSR");
    assertThat(asked.lifetime()).contains(Duration.ofHours(1));
    assertThat(asked.shown()).isEmpty();
  }

  // ISTIO-62. ISTIO-92: no TTL is invalid, where istiod refuses one.
  @ParameterizedTest
  @CsvSource({
    "0,",
    "-1,",
    "-9223372036854775808,",
    "1, 1",
    "86400, 86400",
    "18446744074, 315360000",
    "9223372036854775807, 315360000"
  })
  void create_lifetime_clampedBeforeAnyArithmetic(long seconds, Long expected)
      throws InterruptedException {
    var _ =
        plane.client().createCertificate(REQUEST.toBuilder().setValidityDuration(seconds).build());

    assertThat(plane.issuance.asked.take().lifetime())
        .isEqualTo(Optional.ofNullable(expected).map(Duration::ofSeconds));
  }

  // ISTIO-26, ISTIO-27, ISTIO-28, ISTIO-29, ISTIO-32. Where istiod answers that it is broken, we
  // answer that the client may try again, if that can help.
  @ParameterizedTest
  @CsvSource({
    // ISTIO-92: unauthenticated request.
    "UNAUTHENTICATED, UNAUTHENTICATED, request authenticate failure",
    "ATTESTATION_UNAVAILABLE, UNAVAILABLE, temporarily unable to serve the request",
    "NOT_ENTITLED, PERMISSION_DENIED, caller may not have what it asks for",
    // ISTIO-92: invalid CSR.
    "BAD_REQUEST, INVALID_ARGUMENT, the precise reason",
    "ADDRESS_LIMITED, RESOURCE_EXHAUSTED, too many requests; try again later",
    "CALLER_LIMITED, RESOURCE_EXHAUSTED, too many requests; try again later",
    "OVERLOADED, UNAVAILABLE, temporarily unable to serve the request",
    "ABANDONED, CANCELLED, the caller does not wait any more",
    // ISTIO-92: CA not ready.
    "NO_AUTHORITY, UNAVAILABLE, temporarily unable to serve the request",
    // ISTIO-92: failed to sign.
    "CUSTODY_UNAVAILABLE, UNAVAILABLE, temporarily unable to serve the request",
    "LEDGER_UNAVAILABLE, UNAVAILABLE, temporarily unable to serve the request",
    "SELF_CHECK_FAILED, INTERNAL, internal error"
  })
  void create_refused_statusTellsNoMoreThanItShould(Why why, Status.Code code, String text) {
    plane.issuance.answer = _ -> new Refused(why, "the precise reason");

    assertThat(refusal(REQUEST)).isEqualTo(status(code.toStatus(), text));
  }

  @Test
  void create_issuanceThrows_internalWithoutDetail() {
    plane.issuance.answer =
        _ -> {
          throw new IllegalStateException("a bug, thrown by this test");
        };

    assertThat(refusal(REQUEST)).isEqualTo(status(Status.INTERNAL, "internal error"));
  }

  // ISTIO-15, ISTIO-94
  @ParameterizedTest(name = "{0}")
  @MethodSource("authorizations")
  void create_authorizationHeaders_firstBearerTaken(
      String what, List<String> values, List<String> tokens) throws InterruptedException {
    var _ = plane.client(headers("authorization", values)).createCertificate(REQUEST);

    assertThat(plane.issuance.asked.take().shown())
        .isEqualTo(tokens.stream().map(token -> new BearerToken(token, "")).toList());
  }

  static Stream<Arguments> authorizations() {
    return Stream.of(
        arguments("ISTIO-94: no header", List.of(), List.of()),
        arguments("ISTIO-94: no bearer token", List.of("Basic x"), List.of()),
        arguments("ISTIO-94: Basic before it", List.of("Basic x", "Bearer abc"), List.of("abc")),
        arguments("a token", List.of("Bearer abc"), List.of("abc")),
        arguments("spaces after it", List.of("Bearer abc  "), List.of("abc")),
        arguments("two spaces before it", List.of("Bearer  abc"), List.of(" abc")),
        arguments("two tokens", List.of("Bearer first", "Bearer second"), List.of("first")),
        arguments("lower case", List.of("bearer abc"), List.of()),
        arguments("upper case", List.of("BEARER abc"), List.of()),
        arguments("no space", List.of("Bearerabc"), List.of()),
        arguments("no scheme", List.of("abc"), List.of()),
        arguments("nothing but the scheme", List.of("Bearer "), List.of()),
        arguments("nothing but spaces", List.of("Bearer   "), List.of()),
        // The first one counts, and it is empty.
        arguments("an empty one first", List.of("Bearer ", "Bearer abc"), List.of()));
  }

  // ISTIO-10: an agent whose token file is missing sends no header, and says its cluster all the
  // same. ISTIO-13: it may be told to send any other.
  @Test
  void create_otherHeaders_showNothing() throws InterruptedException {
    String[] headers = {
      "clusterid", "east",
      "x-tenant", "Bearer abc",
      "proxy-authorization", "Bearer abc",
      "x-forwarded-for", "127.0.0.1"
    };
    var _ = plane.client(headers).createCertificate(REQUEST);

    assertThat(plane.issuance.asked.take().shown()).isEmpty();
  }

  // ISTIO-47: istiod takes callers from this header if a gateway sends it, and who comes from a
  // loopback address, as we do here, counts as one. We believe it from nobody, so nothing parses
  // it (ISTIO-97).
  @ParameterizedTest(name = "{0}")
  @MethodSource("forwardedCertificates")
  void create_forwardedClientCertificate_showsNothing(String what, List<String> values)
      throws InterruptedException {
    String[] headers = headers("x-forwarded-client-cert", values);
    var _ = plane.client(headers).createCertificate(REQUEST);
    assertThat(plane.issuance.asked.take().shown()).isEmpty();

    var _ = plane.client(andToken(headers)).createCertificate(REQUEST);
    assertThat(plane.issuance.asked.take().shown()).containsExactly(new BearerToken("abc", ""));
  }

  static Stream<Arguments> forwardedCertificates() {
    String hop = "Hash=0a1b;Subject=\"\";URI=spiffe://example.org/ns/a/sa/b";
    String gateway =
        "By=spiffe://example.org/gw;Hash=2c3d;Cert=\"-----BEGIN%20CERTIFICATE-----%0A\";"
            + "Subject=\"CN=b,O=A\\, B\";URI=spiffe://example.org/ns/c/sa/d;DNS=b.example.org";
    return Stream.of(
        arguments("ISTIO-94: no value", List.of("")),
        arguments("ISTIO-94: junk", List.of("neither a name nor a value")),
        arguments("ISTIO-94: one hop", List.of(hop)),
        arguments(
            "a gateway that names a client and nothing else",
            List.of("By=spiffe://example.org/gw;URI=spiffe://example.org/ns/a/sa/b")),
        arguments("ISTIO-94: several hops", List.of(gateway + ',' + hop)),
        arguments("a header for each hop", List.of(gateway, hop)));
  }

  private static String[] headers(String name, List<String> values) {
    return values.stream().flatMap(value -> Stream.of(name, value)).toArray(String[]::new);
  }

  private static String[] andToken(String... headers) {
    return Stream.concat(Stream.of(headers), Stream.of("authorization", "Bearer abc"))
        .toArray(String[]::new);
  }

  // ISTIO-11
  @Test
  void create_clusterId_goesWithTheToken() throws InterruptedException {
    var _ =
        plane.client("authorization", "Bearer abc", "clusterid", "east").createCertificate(REQUEST);

    assertThat(plane.issuance.asked.take().shown()).containsExactly(new BearerToken("abc", "east"));
  }

  @Test
  void create_twoClusterIds_none() throws InterruptedException {
    var _ =
        plane
            .client("authorization", "Bearer abc", "clusterid", "east", "clusterid", "west")
            .createCertificate(REQUEST);

    assertThat(plane.issuance.asked.take().shown()).containsExactly(new BearerToken("abc", ""));
  }

  @Test
  void create_tokenOf30KiB_taken() throws InterruptedException {
    String token = "t".repeat(30 * 1024);
    var _ = plane.client("authorization", "Bearer " + token).createCertificate(REQUEST);

    assertThat(plane.issuance.asked.take().shown()).containsExactly(new BearerToken(token, ""));
  }

  // ISTIO-38
  @Test
  void create_oversizedCsr_refusedBeforeIssuance() {
    var large =
        REQUEST.toBuilder().setCsrBytes(ByteString.copyFromUtf8("x".repeat(16 * 1024 + 1))).build();

    assertThat(refusal(large))
        .isEqualTo(status(Status.INVALID_ARGUMENT, "CSR of 16385 bytes (expected: at most 16384)"));
    assertThat(plane.issuance.asked).isEmpty();
    assertThat(plane.issuance.refusedEarly).hasSize(1);
  }

  // ISTIO-9, ISTIO-12
  @ParameterizedTest
  @CsvSource({
    "CertSigner, clusterissuers.istio.io/x",
    "CertSigner, ''",
    "WorkloadName, w",
    "impersonatedIdentity, spiffe://example.org/ns/x/sa/y",
    "ImpersonatedIdentity, ''"
  })
  void create_metadataThatAsksForNobody_ownIdentityAsked(String key, String value)
      throws InterruptedException {
    var _ = plane.client().createCertificate(with(key, text(value)));

    assertThat(plane.issuance.asked.take().impersonated()).isEmpty();
  }

  // ISTIO-12: judged by issuance, which knows who asks.
  @ParameterizedTest
  @ValueSource(strings = {"spiffe://example.org/ns/x/sa/y", " ", "a,b", "\u0000\n"})
  void create_impersonation_nameReachesIssuanceAsItCame(String whom) throws InterruptedException {
    var _ = plane.client().createCertificate(with("ImpersonatedIdentity", text(whom)));

    assertThat(plane.issuance.asked.take().impersonated()).contains(whom);
  }

  // ISTIO-26: the caller must not get its own identity when it asks for that of another, whom it
  // names in a way that others may read.
  @ParameterizedTest
  @MethodSource("nobodysNames")
  void create_impersonationOfNoName_refusedLikeAFailedAuthentication(Value whom, String kind) {
    assertThat(refusal(with("ImpersonatedIdentity", whom)))
        .isEqualTo(status(Status.UNAUTHENTICATED, "request authenticate failure"));
    assertThat(plane.issuance.asked).isEmpty();
    assertThat(plane.issuance.refusedEarly)
        .extracting(Early::refused)
        .containsExactly(
            new Refused(
                Why.UNAUTHENTICATED, "ImpersonatedIdentity: " + kind + " (expected: one string)"));
  }

  static Stream<Arguments> nobodysNames() {
    Value name = text("spiffe://example.org/ns/x/sa/y");
    return Stream.of(
        arguments(Value.newBuilder().setNumberValue(1).build(), "NUMBER_VALUE"),
        arguments(Value.newBuilder().setBoolValue(true).build(), "BOOL_VALUE"),
        arguments(Value.newBuilder().setNullValue(NullValue.NULL_VALUE).build(), "NULL_VALUE"),
        arguments(Value.getDefaultInstance(), "KIND_NOT_SET"),
        arguments(
            Value.newBuilder().setListValue(ListValue.newBuilder().addValues(name)).build(),
            "LIST_VALUE"),
        arguments(
            Value.newBuilder().setStructValue(Struct.newBuilder().putFields("id", name)).build(),
            "STRUCT_VALUE"));
  }

  @Test
  void create_authorityInMetadata_reachesIssuance() throws InterruptedException {
    for (boolean authority : List.of(true, false)) {
      var _ = plane.client().createCertificate(with("signet.io/authority", bool(authority)));
      assertThat(plane.issuance.asked.take().authority()).isEqualTo(authority);
    }
    var _ = plane.client().createCertificate(with("signet.io/Authority", bool(true)));
    assertThat(plane.issuance.asked.take().authority()).isFalse();
  }

  // Who asks for an authority must not get an SVID instead.
  @ParameterizedTest
  @MethodSource("notBooleans")
  void create_authorityThatIsNoBoolean_refused(Value value, String kind) {
    assertThat(refusal(with("signet.io/authority", value)))
        .isEqualTo(
            status(
                Status.INVALID_ARGUMENT,
                "signet.io/authority: " + kind + " (expected: a boolean)"));
    assertThat(plane.issuance.asked).isEmpty();
  }

  static Stream<Arguments> notBooleans() {
    return Stream.of(
        arguments(text("true"), "STRING_VALUE"),
        arguments(Value.newBuilder().setNumberValue(1).build(), "NUMBER_VALUE"),
        arguments(Value.newBuilder().setNullValue(NullValue.NULL_VALUE).build(), "NULL_VALUE"),
        arguments(Value.getDefaultInstance(), "KIND_NOT_SET"));
  }

  @Test
  void create_rootsInMetadata_reachIssuance() throws InterruptedException {
    var _ = plane.client().createCertificate(REQUEST);
    assertThat(plane.issuance.asked.take().trusted()).isEmpty();

    String other = "0".repeat(64);
    var _ =
        plane.client().createCertificate(with("signet.io/roots", list(text(ROOT), text(other))));
    assertThat(plane.issuance.asked.take().trusted()).containsExactlyInAnyOrder(ROOT, other);
  }

  @ParameterizedTest
  @MethodSource("notRoots")
  void create_rootsThatAreNoFingerprints_refused(Value value, String kind) {
    assertThat(refusal(with("signet.io/roots", value)))
        .isEqualTo(
            status(
                Status.INVALID_ARGUMENT,
                "signet.io/roots: "
                    + kind
                    + " (expected: a list of SHA-256 in 64 lower-case hexadecimal digits)"));
    assertThat(plane.issuance.asked).isEmpty();
  }

  static Stream<Arguments> notRoots() {
    return Stream.of(
        arguments(text(ROOT), "STRING_VALUE"),
        arguments(list(bool(true)), "LIST_VALUE"),
        arguments(list(text(ROOT.toUpperCase(Locale.ROOT))), "LIST_VALUE"),
        arguments(list(text(ROOT), text("")), "LIST_VALUE"));
  }

  private static Value list(Value... values) {
    return Value.newBuilder()
        .setListValue(ListValue.newBuilder().addAllValues(List.of(values)))
        .build();
  }

  private static Value bool(boolean value) {
    return Value.newBuilder().setBoolValue(value).build();
  }

  // ISTIO-30: the agent sets no deadline and would wait for ever.
  @Test
  void create_issuanceHangs_unavailableWithinLimit() throws IOException, InterruptedException {
    var release = new CountDownLatch(1);
    var limit = Duration.ofMillis(50);
    try (var bounded =
        new WorkloadPlane(WorkloadServer.PERMIT_KEEPALIVE, limit, Optional.empty())) {
      bounded.issuance.answer = _ -> afterwards(release);

      assertThat(refusal(bounded, REQUEST).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(bounded.issuance.abandoned.take()).isEqualTo(limit);
    } finally {
      release.countDown();
    }
  }

  // ISTIO-30: what waits for its turn by then is not begun.
  @Test
  void create_issuanceHangs_callIsOverForIssuance() throws Exception {
    var over = new CompletableFuture<Boolean>();
    var release = new CountDownLatch(1);
    var limit = Duration.ofMillis(50);
    try (var bounded =
        new WorkloadPlane(WorkloadServer.PERMIT_KEEPALIVE, limit, Optional.empty())) {
      bounded.issuance.answer =
          asked -> {
            Refused late = afterwards(release);
            over.complete(asked.call().isOver());
            return late;
          };
      assertThat(refusal(bounded, REQUEST).getCode()).isEqualTo(Status.Code.UNAVAILABLE);

      release.countDown();
      assertThat(over.get()).isTrue();
    }
  }

  // A client that sets a shorter deadline, or goes away.
  @Test
  void create_clientDoesNotWait_callIsOverForIssuance() throws Exception {
    var over = new CompletableFuture<Boolean>();
    plane.issuance.answer =
        asked -> {
          assertThat(asked.call().isOver()).isFalse();
          while (!asked.call().isOver()) {
            Thread.onSpinWait();
          }
          over.complete(true);
          return WorkloadPlane.ISSUED;
        };
    var client = plane.client().withDeadlineAfter(Duration.ofSeconds(1));

    assertThatThrownBy(() -> client.createCertificate(REQUEST))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));
    assertThat(over.get()).isTrue();
    assertThat(plane.issuance.unreceived.poll(30, SECONDS)).isEqualTo(WorkloadPlane.ISSUED);
  }

  // It was told that it took too long, and goes on with the roots that it had.
  @Test
  void create_issuedAfterTheLimit_toldAsUnreceived() throws Exception {
    var release = new CountDownLatch(1);
    try (var bounded =
        new WorkloadPlane(
            WorkloadServer.PERMIT_KEEPALIVE, Duration.ofMillis(50), Optional.empty())) {
      bounded.issuance.answer =
          _ -> {
            Refused _ = afterwards(release);
            return WorkloadPlane.ISSUED;
          };
      assertThat(refusal(bounded, REQUEST).getCode()).isEqualTo(Status.Code.UNAVAILABLE);

      release.countDown();
      assertThat(bounded.issuance.unreceived.poll(30, SECONDS)).isEqualTo(WorkloadPlane.ISSUED);
    }
  }

  @Test
  void create_answered_received() throws Exception {
    var work = new CompletableFuture<Thread>();
    plane.workers = task -> work.complete(Thread.startVirtualThread(task));

    var _ = plane.client().createCertificate(REQUEST);

    work.get().join();
    assertThat(plane.issuance.unreceived).isEmpty();
  }

  private static Refused afterwards(CountDownLatch release) {
    try {
      release.await();
    } catch (InterruptedException e) {
      throw new AssertionError("the work was interrupted", e);
    }
    return new Refused(Why.NO_AUTHORITY, "too late");
  }

  private static IstioCertificateRequest with(String key, Value value) {
    return REQUEST.toBuilder().setMetadata(Struct.newBuilder().putFields(key, value)).build();
  }

  private static Value text(String value) {
    return Value.newBuilder().setStringValue(value).build();
  }

  private Answer refusal(IstioCertificateRequest request) {
    Status status = refusal(plane, request);
    return status(status, String.valueOf(status.getDescription()));
  }

  private static Status refusal(WorkloadPlane plane, IstioCertificateRequest request) {
    return catchThrowableOfType(
            StatusRuntimeException.class, () -> plane.client().createCertificate(request))
        .getStatus();
  }

  private record Answer(Status.Code code, String text) {}

  private static Answer status(Status status, String text) {
    return new Answer(status.getCode(), text);
  }
}

package io.signet.ca.grpc;

import static io.signet.ca.testing.Fixtures.CART;
import static io.signet.ca.testing.Fixtures.DOMAIN;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.stub.ClientCalls;
import io.signet.attestation.Attestation;
import io.signet.attestation.Attestation.Proven;
import io.signet.attestation.Attestors;
import io.signet.attestation.Evidence.BearerToken;
import io.signet.attestation.FakeAttestor;
import io.signet.attestation.Proof;
import io.signet.ca.authorization.Entitlements;
import io.signet.ca.issuance.IssueSvid;
import io.signet.ca.issuance.Limits;
import io.signet.ca.issuance.Steps;
import io.signet.ca.ledger.FakeLedger;
import io.signet.ca.signing.CertificateSigner;
import io.signet.ca.testing.CapturedLog;
import io.signet.ca.testing.Fixtures;
import io.signet.ca.testing.HostileX509;
import io.signet.ca.testing.TestClock;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import io.signet.spiffe.Pem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** CSR-2, CORP-1, CORP-7: a proven caller sends what others have made to break parsers. */
final class HostileRequestsTest {

  // A class, a line of a stack trace, or what a parser of ours calls itself.
  private static final Pattern INSIDES =
      Pattern.compile("Exception|\\bat [a-z]+\\.|java\\.|org\\.|io\\.signet|bouncy|null");

  private static final MethodDescriptor<byte[], byte[]> RAW =
      IstioCertificateServiceGrpc.getCreateCertificateMethod().toBuilder(new Bytes(), new Bytes())
          .build();

  @RegisterExtension private final CapturedLog log = new CapturedLog(IssueSvid.class);

  @RegisterExtension
  private final CapturedLog endpointLog = new CapturedLog(IstioCertificateEndpoint.class);

  private WorkloadPlane plane;

  @BeforeEach
  void start() throws Exception {
    plane = new WorkloadPlane();
    TestClock clock = new TestClock();
    CertificateSigner signer = new CertificateSigner(new FakeLedger(), Fixtures.serials(), clock);
    Proof cart = new Proof.LocalUser(CART, 1000, 1);
    IssueSvid issuance =
        new IssueSvid(
            new Attestors(
                List.of(
                    new FakeAttestor("tokens")
                        .answer(new BearerToken("token", ""), new Proven(cart)))),
            (_, name) ->
                name.equals(CART.toString()) ? new Proven(cart) : Attestation.invalid("nobody"),
            () -> new Entitlements(DOMAIN, Duration.ofHours(1), Duration.ofHours(1), List.of()),
            Fixtures.authorities(signer, Duration.ofDays(2), clock),
            signer,
            Limits.none(),
            Steps.unwatched(),
            clock);
    plane.issuance.answer = issuance::issue;
  }

  @AfterEach
  void stop() {
    plane.close();
  }

  // ISTIO-27, ISTIO-38, ISTIO-97
  @Test
  void create_everyFileOfTheCorpus_invalidArgumentInOurOwnWords() {
    var client = plane.client("authorization", "Bearer token").getChannel();
    for (Path file : HostileX509.files("")) {
      List<byte[]> forms = HostileX509.forms(HostileX509.read(file));
      assertRefused(file, refusal(client, message(forms.getFirst())));
      // Bare DER is no text, and refused as such; behind it as PEM is the parser.
      assertRefused(file, refusal(client, message(forms.getLast())));
    }
    assertThat(log.alarms()).isEmpty();
    assertThat(endpointLog.alarms()).isEmpty();
  }

  private static void assertRefused(Path file, Optional<Status> refusal) {
    assertThat(refusal).as(file.toString()).isPresent();
    assertThat(refusal.get().getCode()).as(file.toString()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(refusal.get().getDescription())
        .as(file.toString())
        .doesNotContainPattern(INSIDES)
        .hasSizeLessThan(300);
  }

  // ISTIO-97: what is no message of the method is the client's fault, and told so before anybody is
  // attested.
  @Test
  void create_noMessageOfTheMethod_invalidArgument() {
    Channel channel = plane.client().getChannel();
    for (byte[] none : List.of(new byte[] {-1}, new byte[] {10, 127}, message(new byte[] {-1}))) {
      assertThat(refusal(channel, none))
          .hasValueSatisfying(status ->
              assertThat(status.toString())
                  .contains("INVALID_ARGUMENT", "not a well-formed message of this method"));
    }
    assertThat(silence(channel)).isEqualTo("INVALID_ARGUMENT: request: no message (expected: one)");
    assertThat(plane.issuance.asked).isEmpty();
  }

  // ISTIO-97: a request that asks for all there is to ask for, with some of its bytes changed.
  @Test
  void create_changedRequest_issuedOrRefusedInOurOwnWords() {
    Channel client = plane.client("authorization", "Bearer token").getChannel();
    byte[] whole = whole().toByteArray();
    assertThat(refusal(client, whole)).isEmpty();
    Random random = new Random(20261123);
    for (int i = 0; i < 1_000; i++) {
      String which = "seed 20261123, number " + i;
      refusal(client, changed(whole, random)).ifPresent(status -> assertTheirFault(which, status));
    }
    assertThat(log.alarms()).isEmpty();
    assertThat(endpointLog.alarms()).isEmpty();
  }

  private static IstioCertificateRequest whole() {
    Value name = Value.newBuilder().setStringValue(CART.toString()).build();
    return IstioCertificateRequest.newBuilder()
        .setCsr(Pem.encode("CERTIFICATE REQUEST", Fixtures.CSR))
        .setValidityDuration(3600)
        .setMetadata(Struct.newBuilder().putFields("ImpersonatedIdentity", name))
        .build();
  }

  private static byte[] changed(byte[] whole, Random random) {
    byte[] changed = Arrays.copyOf(whole, whole.length - random.nextInt(2));
    int bytes = 1 + random.nextInt(3);
    for (int i = 0; i < bytes; i++) {
      changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
    }
    return changed;
  }

  private static void assertTheirFault(String which, Status refusal) {
    assertThat(refusal.getCode())
        .as(which)
        .isIn(Status.Code.INVALID_ARGUMENT, Status.Code.UNAUTHENTICATED);
    assertThat(refusal.getDescription()).as(which).doesNotContainPattern(INSIDES);
  }

  @Test
  void stream_noMessageOfTheMethod_invalidArgumentAtOnce() {
    var reflection =
        ServerReflectionGrpc.getServerReflectionInfoMethod().toBuilder(new Bytes(), new Bytes())
            .build();
    var ended = new CompletableFuture<String>();
    ClientCall<byte[], byte[]> call =
        plane.client().getChannel().newCall(reflection, CallOptions.DEFAULT);
    call.start(new Ending(ended), new Metadata());
    call.sendMessage(new byte[] {-1});

    assertThat(ended.orTimeout(30, TimeUnit.SECONDS).join())
        .isEqualTo("INVALID_ARGUMENT: request: not a well-formed message of this method");
  }

  private static String silence(Channel channel) {
    var ended = new CompletableFuture<String>();
    ClientCall<byte[], byte[]> call = channel.newCall(RAW, CallOptions.DEFAULT);
    call.start(new Ending(ended), new Metadata());
    call.request(1);
    call.halfClose();
    return ended.orTimeout(30, TimeUnit.SECONDS).join();
  }

  private static Optional<Status> refusal(Channel channel, byte[] message) {
    try {
      var _ = ClientCalls.blockingUnaryCall(channel, RAW, CallOptions.DEFAULT, message);
      return Optional.empty();
    } catch (StatusRuntimeException e) {
      return Optional.of(e.getStatus());
    }
  }

  private static final class Ending extends ClientCall.Listener<byte[]> {
    private final CompletableFuture<String> ended;

    Ending(CompletableFuture<String> ended) {
      this.ended = ended;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      ended.complete(status.getCode() + ": " + status.getDescription());
    }
  }

  // The field is a text, and a hostile client sends any bytes as one.
  private static byte[] message(byte[] csr) {
    var message = new ByteArrayOutputStream();
    try {
      var out = CodedOutputStream.newInstance(message);
      out.writeByteArray(IstioCertificateRequest.CSR_FIELD_NUMBER, csr);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return message.toByteArray();
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

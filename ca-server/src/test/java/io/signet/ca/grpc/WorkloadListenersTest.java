package io.signet.ca.grpc;

import static io.signet.ca.grpc.WorkloadPlane.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.BindableService;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.stub.StreamObserver;
import io.signet.ca.grpc.WorkloadListener.Unix;
import io.signet.ca.testing.UnixChannel;
import io.signet.proto.istio.IstioCertificateRequest;
import io.signet.proto.istio.IstioCertificateResponse;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import io.signet.proto.istio.IstioCertificateServiceGrpc.IstioCertificateServiceImplBase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several listeners, each with what it is for (SET-5, NAME-7). */
final class WorkloadListenersTest {
  private static final String SERVICE = "istio.v1.auth.IstioCertificateService";
  private static final Set<PosixFilePermission> ALL = PosixFilePermissions.fromString("rw-rw-rw-");

  @TempDir Path directory;
  private Path one;
  private Path other;

  @BeforeEach
  void name() {
    one = directory.resolve("one.sock");
    other = directory.resolve("other.sock");
  }

  @Test
  void call_eachListener_itsOwnService() throws IOException {
    try (var _ = start(Unix.forAll(one, says("one")), Unix.forAll(other, says("other")))) {
      assertThat(answer(one)).isEqualTo("one");
      assertThat(answer(other)).isEqualTo("other");
    }
  }

  @Test
  void call_serviceOfAnotherListener_unimplemented() throws IOException {
    try (var _ = start(Unix.forAll(one, says("one")), Unix.forAll(other, List.of()))) {
      assertThat(answer(one)).isEqualTo("one");
      assertThatThrownBy(() -> answer(other)).satisfies(has(Status.Code.UNIMPLEMENTED));
    }
  }

  @Test
  void health_eachListener_ofWhatIsServedThere() throws IOException {
    try (var _ = start(Unix.forAll(one, says("one")), Unix.forAll(other, List.of()))) {
      assertThat(health(one, SERVICE)).isEqualTo(ServingStatus.SERVING);
      assertThat(health(other, "")).isEqualTo(ServingStatus.SERVING);
      assertThatThrownBy(() -> health(other, SERVICE)).satisfies(has(Status.Code.NOT_FOUND));
    }
  }

  @Test
  void reflection_eachListener_served() throws IOException {
    String name = ServerReflectionGrpc.getServerReflectionInfoMethod().getServiceName();
    try (var _ = start(Unix.forAll(one, List.of()), Unix.forAll(other, List.of()))) {
      assertThat(servicesOf(one)).contains(name);
      assertThat(servicesOf(other)).contains(name);
    }
  }

  @Test
  void start_modes_eachSocketItsOwn() throws IOException {
    var owner = PosixFilePermissions.fromString("rw-------");
    try (var _ = start(socket(one, owner, Optional.empty()), Unix.forAll(other, List.of()))) {
      assertThat(Files.getPosixFilePermissions(one)).isEqualTo(owner);
      assertThat(Files.getPosixFilePermissions(other)).isEqualTo(ALL);
    }
  }

  @Test
  void start_group_givenToTheFile() throws IOException {
    int gid = someGroup();
    try (var _ = start(socket(one, ALL, Optional.of(Integer.toString(gid))))) {
      assertThat(Files.getAttribute(one, "unix:gid")).isEqualTo(gid);
    }
  }

  @Test
  void start_unknownGroup_refusedAndNothingLeft() {
    assertThatThrownBy(() ->
            start(Unix.forAll(one, List.of()), socket(other, ALL, Optional.of("no-such-group"))))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "cannot listen on unix:%s: no group no-such-group (expected: one of this machine)",
            other);
    assertThat(one).doesNotExist();
    assertThat(other).doesNotExist();
  }

  // SET-5: one lock for each socket, all or none.
  @Test
  void start_secondSocketTaken_nothingServedAndTheFirstFreeAgain() throws IOException {
    try (var _ = start(Unix.forAll(other, says("running")))) {
      assertThatThrownBy(() -> start(Unix.forAll(one, says("a")), Unix.forAll(other, says("b"))))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("unix:" + other)
          .hasMessageContaining("a running server holds its lock file");

      assertThat(one).doesNotExist();
      assertThat(answer(other)).isEqualTo("running");
    }
    try (var _ = start(Unix.forAll(one, says("a")), Unix.forAll(other, says("b")))) {
      assertThat(answer(one)).isEqualTo("a");
    }
  }

  @Test
  void close_everySocketRemoved() throws IOException {
    start(Unix.forAll(one, List.of()), Unix.forAll(other, List.of())).close();

    assertThat(one).doesNotExist();
    assertThat(other).doesNotExist();
  }

  private static WorkloadServer start(WorkloadListener... listeners) throws IOException {
    return WorkloadServer.start(List.of(listeners), List.of());
  }

  private static Unix socket(Path path, Set<PosixFilePermission> mode, Optional<String> group) {
    return new Unix(path, mode, group, List.of());
  }

  // Another than our own, if we may give files to another.
  private static int someGroup() throws IOException {
    int own = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:gid");
    if ((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0) {
      return own + 1;
    }
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("Groups:"))
        .flatMap(line -> List.of(line.substring(7).strip().split("\\s+")).stream())
        .filter(group -> !group.isEmpty())
        .map(Integer::parseInt)
        .filter(group -> group != own)
        .findFirst()
        .orElse(own);
  }

  private static List<BindableService> says(String answer) {
    return List.of(
        new IstioCertificateServiceImplBase() {
          @Override
          public void createCertificate(
              IstioCertificateRequest request, StreamObserver<IstioCertificateResponse> responses) {
            responses.onNext(IstioCertificateResponse.newBuilder().addCertChain(answer).build());
            responses.onCompleted();
          }
        });
  }

  private static String answer(Path socket) {
    try (var unix = UnixChannel.to(socket, "sds")) {
      return IstioCertificateServiceGrpc.newBlockingStub(unix.channel())
          .createCertificate(REQUEST)
          .getCertChain(0);
    }
  }

  private static ServingStatus health(Path socket, String service) {
    try (var unix = UnixChannel.to(socket, "sds")) {
      return HealthGrpc.newBlockingStub(unix.channel())
          .check(HealthCheckRequest.newBuilder().setService(service).build())
          .getStatus();
    }
  }

  private static List<String> servicesOf(Path socket) {
    try (var unix = UnixChannel.to(socket, "sds")) {
      return Reflection.services(unix.channel());
    }
  }

  private static Consumer<Throwable> has(Status.Code code) {
    return failure ->
        assertThat(failure)
            .isInstanceOfSatisfying(
                StatusRuntimeException.class,
                e -> assertThat(e.getStatus().getCode()).isEqualTo(code));
  }
}

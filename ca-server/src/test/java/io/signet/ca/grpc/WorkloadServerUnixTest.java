package io.signet.ca.grpc;

import static io.signet.ca.grpc.WorkloadPlane.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.attestation.Evidence.PeerCredentials;
import io.signet.proto.istio.IstioCertificateServiceGrpc;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WorkloadServerUnixTest {

  @TempDir Path directory;
  private Path socket;

  @BeforeEach
  void name() {
    socket = directory.resolve("sds.sock");
  }

  // AUTH-1: Envoy sends the name of its cluster as the authority, underscores and all.
  @Test
  void call_authorityWithUnderscore_peerCredentialsShown() throws Exception {
    try (var plane = new WorkloadPlane(socket)) {
      call(plane);

      int uid = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
      int gid = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:gid");
      int pid = (int) ProcessHandle.current().pid();
      assertThat(plane.issuance.asked.take().shown())
          .containsExactly(new PeerCredentials(uid, gid, pid));
    }
  }

  // SET-5: the mode is ours and not the umask's.
  @Test
  void start_socket_everyoneMayConnect() throws IOException {
    try (var _ = new WorkloadPlane(socket)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
          .isEqualTo("rw-rw-rw-");
    }
  }

  // SET-5: a bind would silently replace the socket of the running server.
  @Test
  void start_socketOfRunningServer_refusedAndLeftAlone() throws IOException {
    try (var running = new WorkloadPlane(socket)) {
      assertThatThrownBy(() -> new WorkloadPlane(socket))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("unix:" + socket)
          .hasMessageContaining("a running server holds its lock file");

      call(running);
    }
  }

  @Test
  void start_socketOfDeadServer_replaced() throws IOException {
    leaveSocketBehind();

    try (var plane = new WorkloadPlane(socket)) {
      call(plane);
    }
  }

  @Test
  void start_otherFileInPlace_refusedAndLeftAlone() throws IOException {
    Files.writeString(socket, "precious");

    assertThatThrownBy(() -> new WorkloadPlane(socket))
        .hasMessageContaining("a file that is no socket");
    assertThat(socket).hasContent("precious");
  }

  @Test
  void start_noDirectory_refused() {
    assertThatThrownBy(() -> new WorkloadPlane(directory.resolve("missing/sds.sock")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no directory " + directory.resolve("missing"));
  }

  @Test
  void start_pathTooLong_refused() {
    assertThatThrownBy(() -> new WorkloadPlane(directory.resolve("s".repeat(107))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected: at most 107");
  }

  @Test
  void close_socket_removedAndPathFreeAgain() throws IOException {
    new WorkloadPlane(socket).close();
    assertThat(socket).doesNotExist();

    try (var again = new WorkloadPlane(socket)) {
      call(again);
    }
  }

  private static void call(WorkloadPlane plane) {
    var client = IstioCertificateServiceGrpc.newBlockingStub(plane.unixChannel("sds_uds"));
    assertThat(client.createCertificate(REQUEST).getCertChainList()).hasSize(3);
  }

  private void leaveSocketBehind() throws IOException {
    try (var channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.bind(UnixDomainSocketAddress.of(socket));
    }
    assertThat(socket).exists();
  }
}

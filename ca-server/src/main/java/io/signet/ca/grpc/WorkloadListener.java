package io.signet.ca.grpc;

import io.grpc.BindableService;
import io.signet.ca.tls.ServingCertificate;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A place where a part of the workload plane is served; health and reflection come by themselves.
 */
public sealed interface WorkloadListener {

  /** What is served there. */
  List<BindableService> services();

  /**
   * TCP with TLS.
   *
   * @param address port 0 lets the system choose
   * @param serving asked at each handshake
   */
  record Tls(
      InetSocketAddress address,
      Supplier<ServingCertificate> serving,
      List<BindableService> services)
      implements WorkloadListener {
    public Tls {
      services = List.copyOf(services);
    }
  }

  /**
   * A Unix socket in plaintext, for callers of this machine, who are known by their peer
   * credentials.
   *
   * @param mode of the socket's file; to connect is to write
   * @param group of the file, by name; empty: whichever the system gives it
   */
  record Unix(
      Path path,
      Set<PosixFilePermission> mode,
      Optional<String> group,
      List<BindableService> services)
      implements WorkloadListener {
    public Unix {
      mode = Set.copyOf(mode);
      services = List.copyOf(services);
    }

    /**
     * One that every local process may connect to: callers are attested all the same, and the
     * directory is the place to keep others away.
     */
    public static Unix forAll(Path path, List<BindableService> services) {
      return new Unix(
          path, PosixFilePermissions.fromString("rw-rw-rw-"), Optional.empty(), services);
    }
  }
}

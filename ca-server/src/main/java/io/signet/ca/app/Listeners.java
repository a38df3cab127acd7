package io.signet.ca.app;

import io.grpc.BindableService;
import io.signet.attestation.Attestors;
import io.signet.ca.config.SdsNames;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.config.SocketConfig;
import io.signet.ca.grpc.WorkloadListener;
import io.signet.ca.tls.ServingCertificate;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * The listeners that the configuration names, each with the endpoint for secrets that is its own.
 */
record Listeners(
    SignetConfig config, CallerAttestors callers, BindableService requests, Secrets secrets) {

  /** Makes the endpoint for the secrets of one listener. */
  interface Secrets {
    /**
     * The endpoint of this listener.
     *
     * @param listener where it is served, for people: {@code HOST:PORT} or {@code unix:PATH}
     * @param attestors say who calls there
     * @param names of secrets there
     */
    BindableService on(String listener, Attestors attestors, SdsNames names);
  }

  /**
   * TLS first.
   *
   * @param serving asked at each TLS handshake
   */
  List<WorkloadListener> all(Supplier<ServingCertificate> serving) {
    List<WorkloadListener> all = new ArrayList<>();
    all.add(tls(serving));
    config.listen().sdsSocket().map(this::forAll).ifPresent(all::add);
    config.sds().sockets().stream().map(this::socket).forEach(all::add);
    return all;
  }

  private WorkloadListener tls(Supplier<ServingCertificate> serving) {
    String name = config.listen().workload().toString();
    return new WorkloadListener.Tls(
        config.listen().workload().toSocketAddress(), serving, List.of(requests, common(name)));
  }

  private WorkloadListener forAll(Path path) {
    return WorkloadListener.Unix.forAll(path, List.of(requests, common(name(path))));
  }

  private BindableService common(String name) {
    return secrets.on(name, callers.attestors(), config.sds().names());
  }

  // Secrets alone: certificate requests are judged by the rules that all listeners share.
  private WorkloadListener socket(SocketConfig socket) {
    BindableService ofItsOwn =
        secrets.on(name(socket.path()), callers.attestors(socket.unix()), socket.names());
    return new WorkloadListener.Unix(
        socket.path(), socket.mode(), socket.group(), List.of(ofItsOwn));
  }

  private static String name(Path socket) {
    return "unix:" + socket;
  }
}

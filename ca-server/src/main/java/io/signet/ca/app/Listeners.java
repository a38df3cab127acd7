package io.signet.ca.app;

import io.grpc.BindableService;
import io.signet.attestation.Attestors;
import io.signet.ca.caller.CallerCheck;
import io.signet.ca.config.Address;
import io.signet.ca.config.SdsNames;
import io.signet.ca.config.SignetConfig;
import io.signet.ca.config.SocketConfig;
import io.signet.ca.grpc.AttestedCallers;
import io.signet.ca.grpc.WorkloadListener;
import io.signet.ca.http.SecretsServer;
import io.signet.ca.tls.ServingCertificate;
import io.signet.sds.envoy.Callers;
import io.signet.sds.envoy.SdsEndpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The listeners that the configuration names, each with the endpoint for secrets that is its own.
 *
 * @param check makes of attestors what judges the callers of a listener
 * @param serving asked at each TLS handshake
 */
record Listeners(
    SignetConfig config,
    CallerAttestors callers,
    BindableService requests,
    Function<Attestors, CallerCheck> check,
    Secrets secrets,
    Supplier<ServingCertificate> serving) {

  /** Makes the endpoint for the secrets of one listener. */
  interface Secrets {
    /**
     * The endpoint of this listener.
     *
     * @param callers says who calls there by gRPC
     * @param listener where it is served, for people: {@code HOST:PORT} or {@code unix:PATH}
     * @param names of secrets there
     */
    SdsEndpoint on(Callers callers, String listener, SdsNames names);
  }

  /** Those for gRPC, TLS first. */
  List<WorkloadListener> all() {
    List<WorkloadListener> all = new ArrayList<>();
    all.add(tls());
    config.listen().sdsSocket().map(this::forAll).ifPresent(all::add);
    config.sds().sockets().stream().map(this::socket).forEach(all::add);
    return all;
  }

  /**
   * Starts the one for REST, if there is to be one.
   *
   * @throws IOException if its address cannot be served; the message names it and the cause
   */
  Optional<SecretsServer> rest() throws IOException {
    Optional<Address> address = config.listen().sdsRest();
    return address.isEmpty() ? Optional.empty() : Optional.of(rest(address.get()));
  }

  private SecretsServer rest(Address address) throws IOException {
    return SecretsServer.start(
        address.toSocketAddress(),
        serving,
        check.apply(callers.attestors()),
        common(address.toString())::fetch);
  }

  private WorkloadListener tls() {
    Address address = config.listen().workload();
    return new WorkloadListener.Tls(
        address.toSocketAddress(), serving, List.of(requests, common(address.toString())));
  }

  private WorkloadListener forAll(Path path) {
    return WorkloadListener.Unix.forAll(path, List.of(requests, common(name(path))));
  }

  private SdsEndpoint common(String name) {
    return endpoint(name, callers.attestors(), config.sds().names());
  }

  // Secrets alone: certificate requests are judged by the rules that all listeners share.
  private WorkloadListener socket(SocketConfig socket) {
    BindableService ofItsOwn =
        endpoint(name(socket.path()), callers.attestors(socket.unix()), socket.names());
    return new WorkloadListener.Unix(
        socket.path(), socket.mode(), socket.group(), List.of(ofItsOwn));
  }

  private SdsEndpoint endpoint(String name, Attestors attestors, SdsNames names) {
    return secrets.on(new AttestedCallers(check.apply(attestors)), name, names);
  }

  private static String name(Path socket) {
    return "unix:" + socket;
  }
}

package io.signet.e2e.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Istio's own agent, as it runs beside every workload, but without an Envoy: it gets a certificate,
 * writes it to files, and gets the next one at half of its life.
 */
public final class PilotAgent implements AutoCloseable {

  /** What the agent asks for, and so twice the time between renewals. */
  private static final String LIFETIME = "20s";

  private final Path folder;
  private final PeerProcess process;

  private PilotAgent(Path folder, PeerProcess process) {
    this.folder = folder;
    this.process = process;
  }

  /** The folder of an agent, for its files to be put in place before it is started. */
  public static Path folder() throws IOException {
    Path folder = TemporaryFolder.create("pilot-agent");
    Files.createDirectories(certificates(folder));
    Files.createDirectories(tokenFile(folder).resolveSibling(""));
    return folder;
  }

  /** Where the agent reads its token, anew for each request (ISTIO-14). */
  public static Path tokenFile(Path folder) {
    return folder.resolve("var/run/secrets/tokens/istio-token");
  }

  /**
   * Where the agent writes {@code cert-chain.pem}, {@code key.pem} and {@code root-cert.pem}, and
   * finds what it shows of itself in the next handshake (PROV_CERT, ISTIO-35).
   */
  public static Path certificates(Path folder) {
    return folder.resolve("certificates");
  }

  /**
   * Starts an agent of pod {@code cart-1} in namespace {@code shop}.
   *
   * @param folder of {@link #folder}; deleted in the end
   * @param port of the CA on 127.0.0.1
   * @param roots that the CA must chain to
   */
  public static PilotAgent start(Path folder, int port, Path roots) throws IOException {
    return start(folder, environment(folder, port, roots));
  }

  private static PilotAgent start(Path folder, Map<String, String> environment) throws IOException {
    var command = List.of(Peers.require("pilot-agent").toString(), "proxy", "sidecar");
    return new PilotAgent(folder, PeerProcess.start("pilot-agent", folder, environment, command));
  }

  private static Map<String, String> environment(Path folder, int port, Path roots) {
    String certificates = certificates(folder).toString();
    Map<String, String> environment = new HashMap<>();
    environment.put("CA_ADDR", "127.0.0.1:" + port);
    environment.put("CA_ROOT_CA", roots.toAbsolutePath().toString());
    environment.put("PROV_CERT", certificates);
    environment.put("OUTPUT_CERTS", certificates);
    environment.put("SECRET_TTL", LIFETIME);
    environment.put("ECC_SIGNATURE_ALGORITHM", "ECDSA");
    environment.put("TRUST_DOMAIN", "example.org");
    environment.put("POD_NAME", "cart-1");
    environment.put("POD_NAMESPACE", "shop");
    environment.put("SERVICE_ACCOUNT", "cart");
    environment.put("INSTANCE_IP", "127.0.0.1");
    environment.put("ISTIO_META_CLUSTER_ID", "Kubernetes");
    environment.put("DISABLE_ENVOY", "true");
    // Nobody is asked for configuration.
    environment.put(
        "PROXY_CONFIG",
        """
        {"controlPlaneAuthPolicy":"NONE","discoveryAddress":"127.0.0.1:1","statusPort":%d}\
        """
            .formatted(Ports.free()));
    return environment;
  }

  /** Where the agent looks for a socket of this name, whose SDS it leaves to others (ISTIO-77). */
  public static Path workloadSocket(Path folder, String name) throws IOException {
    Path sockets = folder.resolve("var/run/secrets/workload-spiffe-uds");
    return Files.createDirectories(sockets).resolve(name);
  }

  /**
   * As {@link #start}, but for the SDS of {@link #workloadSocket} where there is one: then it asks
   * no CA.
   *
   * @param name of the socket
   */
  public static PilotAgent startBeside(Path folder, String name, Path roots) throws IOException {
    Map<String, String> environment = environment(folder, Ports.free(), roots);
    environment.remove("PROV_CERT");
    environment.remove("OUTPUT_CERTS");
    environment.put("WORKLOAD_IDENTITY_SOCKET_FILE", name);
    return start(folder, environment);
  }

  /** The certificate chain that it holds now, as PEM. */
  public String chain() throws IOException {
    return Files.readString(certificates(folder).resolve("cert-chain.pem"));
  }

  /** The process, to read the log of. */
  public PeerProcess process() {
    return process;
  }

  @Override
  public void close() throws IOException {
    process.stop();
    TemporaryFolder.delete(folder);
  }
}

package io.signet.e2e;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.signet.attestation.kubernetes.TestCluster;
import io.signet.e2e.peers.KubeApiServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A real API server, with our manifests applied. */
record RealCluster(KubeApiServer server) implements TestCluster {
  private static final Path MANIFESTS = Path.of("../k8s/deploy");
  private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

  static RealCluster launch() throws IOException {
    KubeApiServer server = KubeApiServer.launch();
    for (String manifest : List.of("namespace", "rbac")) {
      server.apply(MANIFESTS.resolve(manifest + ".yaml"));
    }
    server.createNamespace("shop");
    return new RealCluster(server);
  }

  @Override
  public Path kubeconfig() throws IOException {
    return server.kubeconfigFor("signet-system", "signet");
  }

  @Override
  public void createServiceAccount(String name) throws IOException {
    server.createServiceAccount("shop", name);
  }

  @Override
  @CanIgnoreReturnValue
  public String createPod(String name, String serviceAccount, String node) throws IOException {
    return server.createPod("shop", name, serviceAccount, node);
  }

  @Override
  public void createNode(String name) throws IOException {
    server.createNode(name);
  }

  @Override
  public void createSecret(String name) throws IOException {
    var _ =
        server.post(
            "/api/v1/namespaces/shop/secrets",
            "{\"metadata\": {\"name\": \"%s\"}}".formatted(name));
  }

  @Override
  public void delete(Kind kind, String name) throws IOException {
    String scope = kind == Kind.NODE ? "" : "/namespaces/shop";
    server.delete("/api/v1%s/%s/%s?gracePeriodSeconds=0".formatted(scope, kind.resource(), name));
  }

  @Override
  public String token(String serviceAccount, Optional<Bound> boundTo, List<String> audiences)
      throws IOException {
    return server.token(
        "shop",
        serviceAccount,
        boundTo.map(bound -> bound.kind().singular()).orElse(null),
        boundTo.map(Bound::name).orElse(null),
        audiences,
        TEN_MINUTES);
  }

  @Override
  public String resign(String token, Consumer<ObjectNode> change) throws IOException {
    return server.resign(token, change);
  }

  @Override
  public long reviews() throws IOException {
    return server
        .text("/metrics")
        .lines()
        .filter(line -> line.startsWith("apiserver_request_total{"))
        .filter(line -> line.contains("resource=\"tokenreviews\""))
        .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}

package io.signet.e2e.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A real Kubernetes API server on an etcd of its own. There are no controllers, scheduler or
 * kubelet: what they would write, the test writes. All methods that ask the server throw {@link
 * IOException} when it does not answer or refuses, with its words.
 */
public final class KubeApiServer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration HOUR = Duration.ofHours(1);
  // The keys of service account tokens: the one that is used, and the one that was before.
  private static final String SIGNS = "service-accounts";
  private static final String SIGNED = "service-accounts-before";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path binary;
  private final Path folder;
  private final Etcd etcd;
  private final int port = Ports.free();
  private final ClusterCredentials credentials;
  private final HttpClient admin;
  private ServiceAccountKey tokenKey;
  private PeerProcess process;
  private int pods;

  private KubeApiServer(Path binary, Path folder, Etcd etcd) throws IOException {
    this.binary = binary;
    this.folder = folder;
    this.etcd = etcd;
    this.credentials = ClusterCredentials.create(folder);
    this.tokenKey = ServiceAccountKey.generate();
    this.tokenKey.writeTo(credentials.key(SIGNS));
    this.tokenKey.writeTo(credentials.key(SIGNED));
    this.admin =
        HttpClient.newBuilder()
            .sslContext(credentials.admin())
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    this.process = launchProcess();
  }

  /** A new cluster with nothing in it but what the API server itself puts there, and ready. */
  public static KubeApiServer launch() throws IOException {
    Path binary = Peers.require("kube-apiserver");
    try (var started = new Started()) {
      Etcd etcd = Etcd.start();
      started.add(etcd::close);
      Path folder = TemporaryFolder.create("kube-apiserver");
      started.add(() -> TemporaryFolder.delete(folder));
      var server = new KubeApiServer(binary, folder, etcd);
      started.add(() -> server.process.kill());
      server.awaitReady();
      started.keep();
      return server;
    }
  }

  /** Stops the API server; etcd keeps the data, and connections are refused. */
  public void stop() {
    process.stop();
  }

  /** Starts a stopped API server again, on the same port and with the same data. */
  public void start() throws IOException {
    process = launchProcess();
    awaitReady();
  }

  /**
   * Starts again with a new key for service account tokens; those of the key before stay good, of
   * the key before that not.
   */
  public void rotateTokenKey() throws IOException {
    stop();
    tokenKey.writeTo(credentials.key(SIGNED));
    tokenKey = ServiceAccountKey.generate();
    tokenKey.writeTo(credentials.key(SIGNS));
    start();
  }

  /** Something before it that can fail in its place. */
  public FaultyFront front() throws IOException {
    return new FaultyFront(address(), credentials.anybody());
  }

  /** The process that runs now, to freeze, kill or read the log of. */
  public PeerProcess process() {
    return process;
  }

  /** Where the API server listens. */
  public URI address() {
    return URI.create("https://127.0.0.1:" + port);
  }

  /** A kubeconfig with a client certificate of the group {@code system:masters}. */
  public Path adminKubeconfig() throws IOException {
    return Files.writeString(
        folder.resolve("admin.kubeconfig"), credentials.adminKubeconfig(address().toString()));
  }

  /** A kubeconfig with a token of a service account, good for an hour: it may what RBAC grants. */
  public Path kubeconfigFor(String namespace, String serviceAccount) throws IOException {
    return kubeconfigFor(namespace, serviceAccount, address());
  }

  /** The same by way of another address. */
  public Path kubeconfigFor(String namespace, String serviceAccount, URI address)
      throws IOException {
    String token = token(namespace, serviceAccount, null, List.of(), HOUR);
    return Files.writeString(
        folder.resolve(
            "%s-%s-%d.kubeconfig".formatted(namespace, serviceAccount, address.getPort())),
        credentials.tokenKubeconfig(address.toString(), token));
  }

  /** Creates a namespace. */
  public void createNamespace(String name) throws IOException {
    post("/api/v1/namespaces", "{\"metadata\": {\"name\": \"%s\"}}".formatted(name));
  }

  /** Creates a service account. */
  public void createServiceAccount(String namespace, String name) throws IOException {
    post(
        namespaced(namespace, "serviceaccounts"),
        "{\"metadata\": {\"name\": \"%s\"}}".formatted(name));
  }

  /** Creates a node, of which there is no more than the object. */
  public void createNode(String name) throws IOException {
    post("/api/v1/nodes", "{\"metadata\": {\"name\": \"%s\"}}".formatted(name));
  }

  /**
   * Creates a pod that runs on a node, as far as the API server can tell.
   *
   * @return its uid
   */
  public String createPod(String namespace, String name, String serviceAccount, String node)
      throws IOException {
    JsonNode pod =
        post(
            namespaced(namespace, "pods"),
            """
            {"metadata": {"name": "%s"},
             "spec": {"serviceAccountName": "%s", "nodeName": "%s",
                      "containers": [{"name": "main", "image": "none"}]}}
            """
                .formatted(name, serviceAccount, node));
    patch(
        namespaced(namespace, "pods/" + name + "/status"),
        "application/merge-patch+json",
        "{\"status\": {\"phase\": \"Running\", \"podIP\": \"%s\"}}".formatted(nextPodIp()));
    return pod.at("/metadata/uid").asText();
  }

  /**
   * Writes the phase of a pod, as its kubelet does.
   *
   * @param phase such as {@code Succeeded}
   */
  public void setPhase(String namespace, String name, String phase) throws IOException {
    patch(
        namespaced(namespace, "pods/" + name + "/status"),
        "application/merge-patch+json",
        "{\"status\": {\"phase\": \"%s\"}}".formatted(phase));
  }

  /** Begins to delete a pod; without a kubelet to end it, it stays as it is then. */
  public void terminatePod(String namespace, String name) throws IOException {
    delete(namespaced(namespace, "pods/" + name + "?gracePeriodSeconds=3600"));
  }

  /** Deletes a pod at once, without grace. */
  public void deletePod(String namespace, String name) throws IOException {
    delete(namespaced(namespace, "pods/" + name + "?gracePeriodSeconds=0"));
  }

  /**
   * A token of a service account, as a kubelet requests it for a projected volume.
   *
   * @param pod the pod that it is bound to, or null for a token that is bound to none
   * @param audiences if empty, the API server itself
   * @param expiry at least ten minutes, as the API server demands; {@link #expired} ages one
   */
  public String token(
      String namespace,
      String serviceAccount,
      @Nullable String pod,
      List<String> audiences,
      Duration expiry)
      throws IOException {
    return token(namespace, serviceAccount, pod == null ? null : "Pod", pod, audiences, expiry);
  }

  /**
   * A token of a service account that may be bound to anything.
   *
   * @param kind of what it is bound to, such as {@code Node}, or null for a token that is bound to
   *     none
   * @param name of what it is bound to
   * @param audiences if empty, the API server itself
   * @param expiry at least ten minutes
   */
  public String token(
      String namespace,
      String serviceAccount,
      @Nullable String kind,
      @Nullable String name,
      List<String> audiences,
      Duration expiry)
      throws IOException {
    ObjectNode request = JSON.createObjectNode();
    ObjectNode spec = request.putObject("spec").put("expirationSeconds", expiry.toSeconds());
    audiences.forEach(spec.putArray("audiences")::add);
    if (kind != null) {
      spec.putObject("boundObjectRef").put("apiVersion", "v1").put("kind", kind).put("name", name);
    }
    String path = namespaced(namespace, "serviceaccounts/" + serviceAccount + "/token");
    return post(path, request.toString()).at("/status/token").asText();
  }

  /** The same token as if it had been issued earlier, and run out five minutes ago. */
  public String expired(String token) throws IOException {
    long end = Instant.now().minus(Duration.ofMinutes(5)).getEpochSecond();
    long start = end - HOUR.toSeconds();
    return resign(token, claims -> claims.put("iat", start).put("nbf", start).put("exp", end));
  }

  /** The same token with changed claims, and with a valid signature of the API server's key. */
  public String resign(String token, Consumer<ObjectNode> change) throws IOException {
    return tokenKey.resign(token, change);
  }

  /** Applies all objects of a manifest, as {@code kubectl apply --server-side -f FILE} does. */
  public void apply(Path manifestYaml) throws IOException {
    for (Manifest manifest : Manifest.parse(Files.readString(manifestYaml))) {
      patch(
          manifest.path() + "?fieldManager=e2e&force=true",
          "application/apply-patch+yaml",
          manifest.yaml());
    }
  }

  /** Asks as the administrator. */
  public JsonNode get(String path) throws IOException {
    return JSON.readTree(send(request(path).GET()));
  }

  /** Asks as the administrator for what is not JSON. */
  public String text(String path) throws IOException {
    return send(request(path).GET());
  }

  /** Posts JSON as the administrator. */
  public JsonNode post(String path, String json) throws IOException {
    var request = request(path).header("Content-Type", "application/json");
    return JSON.readTree(send(request.POST(BodyPublishers.ofString(json))));
  }

  /**
   * Patches as the administrator.
   *
   * @param type the kind of patch, for example {@code application/merge-patch+json}
   */
  public JsonNode patch(String path, String type, String patch) throws IOException {
    BodyPublisher body = BodyPublishers.ofString(patch);
    return JSON.readTree(send(request(path).header("Content-Type", type).method("PATCH", body)));
  }

  /** Deletes as the administrator. */
  public void delete(String path) throws IOException {
    send(request(path).DELETE());
  }

  /** Stops the API server and its etcd, and deletes their data. */
  @Override
  public void close() throws IOException {
    process.kill();
    etcd.close();
    admin.shutdownNow();
    TemporaryFolder.delete(folder);
  }

  private PeerProcess launchProcess() throws IOException {
    return PeerProcess.start("kube-apiserver", folder, Map.of(), command());
  }

  private List<String> command() {
    return List.of(
        binary.toString(),
        "--etcd-servers=" + etcd.endpoint(),
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--secure-port=" + port,
        "--tls-cert-file=" + credentials.certificate("server"),
        "--tls-private-key-file=" + credentials.key("server"),
        "--client-ca-file=" + credentials.certificate("ca"),
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        "--service-account-signing-key-file=" + credentials.key(SIGNS),
        "--service-account-key-file=" + credentials.key(SIGNS),
        "--service-account-key-file=" + credentials.key(SIGNED),
        "--authorization-mode=Node,RBAC",
        "--endpoint-reconciler-type=none",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--feature-gates=ClusterTrustBundle=true,ClusterTrustBundleProjection=true,"
            + "PodCertificateRequest=true",
        "--runtime-config=certificates.k8s.io/v1beta1/clustertrustbundles=true,"
            + "certificates.k8s.io/v1beta1/podcertificaterequests=true");
  }

  private void awaitReady() {
    process.awaitReady(PATIENCE, () -> send(request("/readyz").GET()).equals("ok"));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(address().resolve(path));
  }

  private String send(HttpRequest.Builder request) throws IOException {
    return Http.send(admin, request);
  }

  private String nextPodIp() {
    pods++;
    return "10.244." + pods / 250 + "." + (pods % 250 + 1);
  }

  private static String namespaced(String namespace, String rest) {
    return "/api/v1/namespaces/" + namespace + "/" + rest;
  }
}

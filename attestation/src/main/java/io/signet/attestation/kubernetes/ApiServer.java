package io.signet.attestation.kubernetes;

import io.fabric8.kubernetes.api.model.AuthInfo;
import io.fabric8.kubernetes.api.model.NamedAuthInfo;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where an API server is, and how we are known to it. Reads what it is told to read and nothing of
 * the environment besides: fabric8's own detection would prefer a kubeconfig in the home directory.
 */
final class ApiServer {

  private static final Path POD_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");
  private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "[::1]", "localhost");

  private final Config config;
  private final OwnToken.Source token;

  private ApiServer(Config config, OwnToken.Source token) {
    this.config = config;
    this.token = token;
  }

  /**
   * @throws IllegalArgumentException if what is there does not lead to an API server
   */
  static ApiServer of(Optional<Path> kubeconfig) {
    return kubeconfig
        .map(ApiServer::ofKubeconfig)
        .orElseGet(() -> ofPod(System.getenv(), POD_ACCOUNT));
  }

  static ApiServer ofPod(Map<String, String> environment, Path account) {
    String host = environment.get("KUBERNETES_SERVICE_HOST");
    String port = environment.get("KUBERNETES_SERVICE_PORT");
    if (host == null || port == null) {
      throw new IllegalArgumentException(
          "kubeconfig: absent, and KUBERNETES_SERVICE_HOST and _PORT are not set"
              + " (expected: a file, or to run in a pod)");
    }
    Config config = Config.empty();
    config.setMasterUrl("https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port);
    config.setCaCertFile(account.resolve("ca.crt").toString());
    return new ApiServer(config, () -> Files.readString(account.resolve("token")));
  }

  private static ApiServer ofKubeconfig(Path file) {
    if (!Files.isReadable(file)) {
      throw unusable(file, "not readable", "a file");
    }
    Config config = parse(file);
    requireAuthentic(file, config);
    return new ApiServer(config, () -> token(file));
  }

  private static Config parse(Path file) {
    Config config = read(file);
    if (config.getCurrentContext() == null) {
      throw unusable(file, "no current-context", "one that the file describes");
    }
    return config;
  }

  private static Config read(Path file) {
    try {
      return Config.fromKubeconfig(file.toFile());
    } catch (RuntimeException e) {
      // Of many kinds; an empty file gives a NullPointerException. Not kept as the cause, since its
      // message may quote the file, which holds credentials.
      throw unusable(file, "not a kubeconfig", "YAML as kubectl reads it");
    }
  }

  /** Who can speak for the API server can make any token good. */
  private static void requireAuthentic(Path file, Config config) {
    if (config.isTrustCerts()) {
      throw unusable(file, "insecure-skip-tls-verify", "certificate-authority");
    }
    URI url = URI.create(config.getMasterUrl());
    if (!"https".equals(url.getScheme()) && !LOOPBACK.contains(String.valueOf(url.getHost()))) {
      throw unusable(file, "server " + url, "https, or http on this machine");
    }
  }

  /** The user's token. fabric8 7.8 does not know {@code tokenFile}, which kubectl prefers. */
  private static @Nullable String token(Path file) throws IOException {
    Config config = parse(file);
    Path tokenFile = tokenFile(file, config);
    return tokenFile == null ? config.getAutoOAuthToken() : Files.readString(tokenFile);
  }

  private static @Nullable Path tokenFile(Path file, Config config) throws IOException {
    String user = config.getCurrentContext().getContext().getUser();
    return users(file).getUsers().stream()
        .filter(named -> named.getUser() != null && Objects.equals(named.getName(), user))
        .map(NamedAuthInfo::getUser)
        .map(AuthInfo::getTokenFile)
        .filter(path -> path != null && !path.isEmpty())
        .map(file::resolveSibling)
        .findFirst()
        .orElse(null);
  }

  private static io.fabric8.kubernetes.api.model.Config users(Path file) throws IOException {
    return Serialization.unmarshal(
        Files.readString(file), io.fabric8.kubernetes.api.model.Config.class);
  }

  private static IllegalArgumentException unusable(Path file, String found, String expected) {
    return new IllegalArgumentException(
        "kubeconfig %s: %s (expected: %s)".formatted(file, found, expected));
  }

  /** Ends with a slash. */
  URI url() {
    return URI.create(config.getMasterUrl());
  }

  /**
   * A client that gives each request one try within the deadline.
   *
   * @throws IllegalArgumentException if the CA, the client certificate or the token cannot be read
   */
  KubernetesClient client(Duration deadline, Clock clock) {
    int millis = Math.toIntExact(deadline.toMillis());
    config.setConnectionTimeout(millis);
    config.setRequestTimeout(millis);
    // fabric8 tries 10 times with back-off by default: callers have their own (ISTIO-29, ISTIO-31).
    config.setRequestRetryBackoffLimit(0);
    // K8S-26: no limit here, whichever HTTP client is below; the JDK's knows none anyway.
    config.setMaxConcurrentRequests(Integer.MAX_VALUE);
    config.setMaxConcurrentRequestsPerHost(Integer.MAX_VALUE);
    // The JDK's client fails requests beyond the stream limit of its one HTTP/2 connection
    // ("too many concurrent streams"); with HTTP/1.1 it opens as many connections as needed.
    config.setHttp2Disable(true);
    try {
      config.setOauthTokenProvider(OwnToken.reading(token, clock));
      return new KubernetesClientBuilder()
          .withConfig(config)
          .withHttpClientFactory(new StrictHttp(config))
          .build();
    } catch (IOException | KubernetesClientException e) {
      throw new IllegalArgumentException(url() + ": our own credentials: " + e.getMessage(), e);
    }
  }
}

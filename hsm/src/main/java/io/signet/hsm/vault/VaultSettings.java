package io.signet.hsm.vault;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which engine of a Vault keeps the keys or signs as a CA, and how hard it may be worked.
 *
 * @param addresses of the nodes of one cluster, the preferred one first; {@code https}, or {@code
 *     http} to this machine
 * @param mount of the engine, Transit or PKI
 * @param namespace of Vault Enterprise or OpenBao
 * @param caFile PEM, the CAs of the servers' certificates; absent: those of the JDK
 * @param permits how many requests for signatures are under way at once (KC-4), from 1
 * @param deadline when the caller of a signature has its answer, with all waiting, logins and
 *     retries (KC-3); the same holds for each request of the other calls, but for one that makes a
 *     key, which has six times as long
 */
public record VaultSettings(
    List<URI> addresses,
    String mount,
    Optional<String> namespace,
    Optional<Path> caFile,
    VaultAuth auth,
    int permits,
    Duration deadline) {

  /** A batch of signatures is on its way while the next one gathers; more only share the CPU. */
  public static final int DEFAULT_PERMITS = 4;

  public static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(5);

  private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

  public VaultSettings {
    addresses = List.copyOf(addresses);
    if (addresses.isEmpty()) {
      throw new IllegalArgumentException("address: [] (expected: such as https://vault:8200)");
    }
    addresses.forEach(VaultSettings::requireSafe);
    if (!isPath(mount)) {
      throw new IllegalArgumentException("mount: " + mount + " (expected: such as transit)");
    }
    if (namespace.isPresent() && !isPath(namespace.get())) {
      throw new IllegalArgumentException(
          "namespace: " + namespace.get() + " (expected: such as team/ca)");
    }
    if (permits < 1) {
      throw new IllegalArgumentException("permits: " + permits + " (expected: >= 1)");
    }
    if (!deadline.isPositive()) {
      throw new IllegalArgumentException("deadline: " + deadline + " (expected: > 0)");
    }
  }

  // The token is in every request: whoever reads one can sign.
  private static void requireSafe(URI address) {
    boolean safe =
        "https".equals(address.getScheme())
            || ("http".equals(address.getScheme()) && isThisMachine(address));
    if (!safe || address.getHost() == null || !isBare(address)) {
      throw new IllegalArgumentException(
          "address: " + address + " (expected: https://HOST[:PORT], or http:// to this machine)");
    }
  }

  private static boolean isThisMachine(URI address) {
    return address.getHost() != null && THIS_MACHINE.contains(address.getHost());
  }

  private static boolean isBare(URI address) {
    return Set.of("", "/").contains(address.getRawPath())
        && address.getRawQuery() == null
        && address.getRawUserInfo() == null
        && address.getRawFragment() == null;
  }

  /** Elements of letters, digits, {@code - _ .}, none of which leads elsewhere. */
  static boolean isPath(String text) {
    return text.matches("\\w[\\w.-]*(/\\w[\\w.-]*)*");
  }

  /** Where, in every message: {@code transit of https://vault:8200}. */
  public String where() {
    return mount + " of " + addresses.getFirst();
  }
}

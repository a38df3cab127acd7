package io.signet.sds;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Secrets to send in one message, each under the name it was asked for.
 *
 * @param nonce names this response in the answer to it
 * @param secrets never empty
 */
public record Response(String nonce, Map<String, Secret> secrets) {

  /**
   * @throws IllegalArgumentException if there is no secret: that would tell nothing (SDS-16)
   */
  public Response {
    if (secrets.isEmpty()) {
      throw new IllegalArgumentException("response: no secret (expected: >= 1)");
    }
    secrets = Collections.unmodifiableMap(new LinkedHashMap<>(secrets));
  }

  /** What is left of it with these names only; empty when nothing is. */
  public Optional<Response> of(Set<String> names) {
    var kept = new LinkedHashMap<>(secrets);
    kept.keySet().retainAll(names);
    return kept.isEmpty() ? Optional.empty() : Optional.of(new Response(nonce, kept));
  }

  /** The version of the only secret, or one version for all of them together. */
  public String version() {
    return Version.ofResponse(versions().values());
  }

  /** The version of each secret by its name. */
  public Map<String, String> versions() {
    return secrets.entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey,
                secret -> secret.getValue().version(),
                (first, _) -> first,
                LinkedHashMap::new));
  }
}

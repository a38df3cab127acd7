package io.signet.sds;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Secrets to send in one message, each under the name it was asked for.
 *
 * @param nonce names this response in the answer to it
 * @param removed names that have no secret, or have none any more; on delta streams only
 */
public record Response(String nonce, Map<String, Secret> secrets, Set<String> removed) {

  /**
   * @throws IllegalArgumentException if there is neither: that would tell nothing (SDS-16)
   */
  public Response {
    if (secrets.isEmpty() && removed.isEmpty()) {
      throw new IllegalArgumentException("response: no secret (expected: >= 1)");
    }
    secrets = Collections.unmodifiableMap(new LinkedHashMap<>(secrets));
    removed = Collections.unmodifiableSet(new LinkedHashSet<>(removed));
  }

  /** What is left of it with these secrets only; empty when nothing is. */
  public Optional<Response> of(Set<String> names) {
    var kept = new LinkedHashMap<>(secrets);
    kept.keySet().retainAll(names);
    return kept.isEmpty() && removed.isEmpty()
        ? Optional.empty()
        : Optional.of(new Response(nonce, kept, removed));
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

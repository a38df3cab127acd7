package io.signet.hsm.vault;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * What a server has answered, whatever the status.
 *
 * @param index what the server has written last, in its own terms, if it says so
 * @param location where it points to instead, if to anywhere
 * @param retryAfter how long it wants to be left alone, if it says so
 */
record Answer(
    int status,
    Fields body,
    Optional<String> index,
    Optional<URI> location,
    Optional<Duration> retryAfter) {

  boolean isDone() {
    return status == 200 || status == 204;
  }

  boolean isDenied() {
    return status == 401 || status == 403;
  }

  /**
   * Whether Vault says that there is nothing at the path: by an empty list of errors. A mount that
   * is missing is a 404 too, and has one (VST-3); a proxy's 404 has no list. Neither may look as if
   * a key did not exist.
   */
  boolean isAbsent() {
    return status == 404 && body.isEmptyList("errors");
  }

  Fields data() {
    return body.fields("data");
  }

  /** In the server's words, on one line; it may repeat what it was sent. */
  String reason() {
    return String.join("; ", body.texts("errors")).replaceAll("[\\s\\p{Cntrl}]+", " ");
  }
}

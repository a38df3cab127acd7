package io.signet.ca.store;

import io.signet.spiffe.SecretBytes;
import java.io.IOException;
import java.util.Optional;

/**
 * Which PostgreSQL, and as whom.
 *
 * @param url of the driver, {@code jdbc:postgresql://HOST[:PORT][,HOST...]/DATABASE[?...]}, without
 *     a secret; of several hosts the one that takes writes is used
 * @param user whose tables they are
 * @param password absent where the server asks for none
 */
public record PostgresSettings(String url, String user, Optional<Password> password) {

  /** Where the password is; asked for each new connection, so that it may change. */
  @FunctionalInterface
  public interface Password {

    /**
     * Reads it.
     *
     * @throws IOException when it cannot be read; the message never tells it
     */
    SecretBytes read() throws IOException;
  }

  /** Which one it is, for messages. */
  String where() {
    int parameters = url.indexOf('?');
    return "database " + (parameters < 0 ? url : url.substring(0, parameters)) + " of user " + user;
  }
}

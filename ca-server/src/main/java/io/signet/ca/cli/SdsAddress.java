package io.signet.ca.cli;

import io.signet.ca.config.Address;
import java.nio.file.Path;

/** Where an SDS server is reached. */
sealed interface SdsAddress {
  String UNIX = "unix:";

  /** Reads {@code unix:PATH}, {@code unix://PATH} or {@code HOST:PORT}. */
  static SdsAddress parse(String text) {
    if (!text.startsWith(UNIX)) {
      return new Tcp(Address.parse(text));
    }
    String path = text.substring(UNIX.length());
    return new Unix(Path.of(path.startsWith("//") ? path.substring(2) : path));
  }

  /** A Unix socket: no TLS, the caller is known by its process. */
  record Unix(Path path) implements SdsAddress {
    @Override
    public String toString() {
      return UNIX + path;
    }
  }

  /** A TCP address, always with TLS. */
  record Tcp(Address address) implements SdsAddress {
    @Override
    public String toString() {
      return address.toString();
    }
  }
}

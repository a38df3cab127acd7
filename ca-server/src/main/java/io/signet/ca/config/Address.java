package io.signet.ca.config;

import java.net.InetSocketAddress;

/**
 * A TCP address as people write it.
 *
 * @param host a name or an IP address; IPv6 without brackets
 * @param port 0 to 65535; 0 lets the system choose a free one
 */
public record Address(String host, int port) {
  private static final String FORM = "HOST:PORT, IPv6 as [::1]:PORT, port 0 to 65535";
  private static final int LAST_PORT = 65535;

  /**
   * @throws IllegalArgumentException if the host is empty or the port out of range
   */
  public Address {
    if (host.isEmpty() || port < 0 || port > LAST_PORT) {
      throw refused(host + ":" + port);
    }
  }

  /**
   * Reads {@code HOST:PORT} or {@code [IPV6]:PORT}.
   *
   * @throws IllegalArgumentException if it is neither
   */
  public static Address parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      throw refused(text);
    }
    return new Address(host(text, colon), port(text, colon));
  }

  /** The address to bind or to connect to; a name is resolved now. */
  public InetSocketAddress toSocketAddress() {
    return new InetSocketAddress(host, port);
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }

  private static String host(String text, int colon) {
    String host = text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (bracketed != host.indexOf(':') >= 0) {
      throw refused(text);
    }
    return bracketed ? host.substring(1, host.length() - 1) : host;
  }

  private static int port(String text, int colon) {
    String port = text.substring(colon + 1);
    if (!port.matches("[0-9]{1,5}")) {
      throw refused(text);
    }
    return Integer.parseInt(port);
  }

  private static IllegalArgumentException refused(String text) {
    return new IllegalArgumentException("address %s (expected: %s)".formatted(text, FORM));
  }
}

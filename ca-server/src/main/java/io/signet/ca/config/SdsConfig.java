package io.signet.ca.config;

import java.time.Duration;
import java.util.List;

/**
 * How secrets are served to proxies.
 *
 * @param names on the TLS listener and on {@code listen.sds-socket}
 * @param recheck how often the caller of an open stream is attested anew
 * @param sockets further Unix sockets, each with rules of its own
 * @param secureNaming which identities the servers of a host may have; each host once
 */
public record SdsConfig(
    SdsNames names, Duration recheck, List<SocketConfig> sockets, List<SecureName> secureNaming) {
  public SdsConfig {
    sockets = List.copyOf(sockets);
    secureNaming = List.copyOf(secureNaming);
  }
}

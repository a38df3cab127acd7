package io.signet.ca.config;

import io.signet.spiffe.TrustDomain;
import java.time.Duration;
import java.util.List;

/**
 * How secrets are served to proxies.
 *
 * @param names on the TLS listener, on {@code listen.sds-socket} and on {@code listen.sds-rest}
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

  void requireWithin(TrustDomain trustDomain) {
    for (int i = 0; i < sockets.size(); i++) {
      String key = "sockets[" + i + "].unix[].id";
      sockets.get(i).unix().forEach(caller -> caller.requireWithin(trustDomain, key));
    }
  }
}

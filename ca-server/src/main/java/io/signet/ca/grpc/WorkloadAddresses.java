package io.signet.ca.grpc;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the workload plane is served.
 *
 * @param tls TCP with TLS; port 0 lets the system choose
 * @param unixSocket plaintext, for callers of this machine, who are known by their peer credentials
 */
public record WorkloadAddresses(InetSocketAddress tls, Optional<Path> unixSocket) {}

package io.signet.ca.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the planes are served.
 *
 * @param workload gRPC over TLS: CSR endpoint, SDS, health, reflection
 * @param sdsSocket SDS over a Unix socket, if any
 * @param sdsRest SDS by REST over TLS, if any
 * @param operator HTTP: health, metrics, administration by token
 * @param admin the same over TLS, where certificates of administrators count, if any
 */
public record ListenConfig(
    Address workload,
    Optional<Path> sdsSocket,
    Optional<Address> sdsRest,
    Address operator,
    Optional<Address> admin) {}

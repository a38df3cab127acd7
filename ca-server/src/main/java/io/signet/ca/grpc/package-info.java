/**
 * The workload plane: gRPC over TLS and over a Unix socket, Istio's certificate service, and the
 * one place where outcomes become gRPC statuses.
 */
@NullMarked
@CheckReturnValue
package io.signet.ca.grpc;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;

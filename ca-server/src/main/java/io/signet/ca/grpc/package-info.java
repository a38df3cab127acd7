/** The workload plane: gRPC over TLS and over Unix sockets, and Istio's certificate service. */
@NullMarked
@CheckReturnValue
package io.signet.ca.grpc;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;

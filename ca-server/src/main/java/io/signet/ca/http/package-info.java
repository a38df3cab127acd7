/**
 * HTTP: the operator plane for people, probes and monitoring; and, apart from it and over TLS only,
 * secrets for proxies by REST.
 */
@NullMarked
@CheckReturnValue
package io.signet.ca.http;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;

package io.signet.ca.grpc;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.signet.attestation.Evidence.PeerCredentials;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Where a call comes from, by its connection. A sidecar calls from the address of its pod, ztunnel
 * from one for each node: what no token has proven yet has at least this, and cannot choose it.
 */
final class PeerAddress {

  // What one host or node of an IPv6 network is given, and may choose addresses in.
  private static final int IPV6_NETWORK_BYTES = 8;

  private PeerAddress() {}

  /** The IP address, or {@code uid N} at the other end of a Unix socket; for our logs. */
  static String of(Attributes transport) {
    InetAddress address = ip(transport);
    return address == null ? user(transport) : address.getHostAddress();
  }

  /** The same, but for IPv6 its network only: whoever has one address there has 2^64. */
  static String network(Attributes transport) {
    return ip(transport) instanceof Inet6Address ipv6
        ? HexFormat.of().formatHex(Arrays.copyOf(ipv6.getAddress(), IPV6_NETWORK_BYTES))
        : of(transport);
  }

  private static @Nullable InetAddress ip(Attributes transport) {
    return transport.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress tcp
        ? tcp.getAddress()
        : null;
  }

  private static String user(Attributes transport) {
    PeerCredentials peer = transport.get(UnixSocketCredentials.PEER);
    return peer == null ? "unknown" : "uid " + Integer.toUnsignedString(peer.uid());
  }
}

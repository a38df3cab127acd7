package io.signet.ca.caller;

import io.signet.ca.issuance.Call;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;

/**
 * How a call is found again in our logs, and where it came from by its connection. A sidecar calls
 * from the address of its pod, ztunnel from one for each node: what no token has proven yet has at
 * least this, and cannot choose it.
 *
 * @param id drawn by us for each call, never taken from the caller: no two calls share it, and
 *     nobody can pass for another's line of our log
 * @param address for people
 * @param network for limits
 */
public record Origin(String id, String address, String network) {

  /** By this name the caller gets the id with the end of its call, however that ends (ISTIO-33). */
  public static final String REQUEST_ID = "signet-request-id";

  /** That of no call. */
  public static final Origin NONE = new Origin("", "unknown", "unknown");

  // What one host or node of an IPv6 network is given, and may choose addresses in.
  private static final int IPV6_NETWORK_BYTES = 8;

  /** That of a new call over TCP. IPv6 counts by network: whoever has one address has 2^64. */
  public static Origin of(InetAddress peer) {
    String address = peer.getHostAddress();
    return new Origin(newId(), address, peer instanceof Inet6Address ? network(peer) : address);
  }

  /**
   * That of a new call which came in another way.
   *
   * @param peer for people and for limits alike
   */
  public static Origin of(String peer) {
    return new Origin(newId(), peer, peer);
  }

  private static String newId() {
    return HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
  }

  private static String network(InetAddress ipv6) {
    return HexFormat.of().formatHex(Arrays.copyOf(ipv6.getAddress(), IPV6_NETWORK_BYTES));
  }

  /** The call that came from here, which is over when this says so. */
  public Call call(BooleanSupplier over) {
    return new Open(id, address, over);
  }

  private record Open(String id, String address, BooleanSupplier over) implements Call {
    @Override
    public boolean isOver() {
      return over.getAsBoolean();
    }
  }
}

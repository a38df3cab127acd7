package io.signet.ca.grpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.grpc.RawHttp2.Frame;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** ISTIO-36, SET-1: clients that ping, on connections without a call. */
final class KeepaliveTest {

  @Test
  void ping_permitted_answeredForEver() throws IOException {
    try (var plane = plane(Duration.ZERO);
        var client = connected(plane)) {
      for (int i = 0; i < 100; i++) {
        assertThat(client.ping().type()).isEqualTo(RawHttp2.PING);
      }
    }
  }

  @Test
  void ping_moreOftenThanPermitted_sentAway() throws IOException {
    try (var plane = plane(WorkloadServer.PERMIT_KEEPALIVE);
        var client = connected(plane)) {
      client.sendPings(4); // gRPC forgives two

      Frame end = client.next(RawHttp2.GOAWAY);
      assertThat(new String(end.payload(), UTF_8)).endsWith("too_many_pings");
    }
  }

  // With gRPC's own permit of 5 min the fourth ping would end the connection.
  @Test
  @Tag("slow")
  void ping_every10Seconds_answered() throws Exception {
    try (var plane = plane(WorkloadServer.PERMIT_KEEPALIVE);
        var client = connected(plane);
        var timer = Executors.newSingleThreadScheduledExecutor()) {
      for (int i = 0; i < 5; i++) {
        var ping = timer.schedule(client::ping, i == 0 ? 0 : 10, TimeUnit.SECONDS);
        assertThat(ping.get().type()).as("ping %d", i).isEqualTo(RawHttp2.PING);
      }
    }
  }

  private static WorkloadPlane plane(Duration permit) throws IOException {
    return new WorkloadPlane(permit, Duration.ofSeconds(10), Optional.empty());
  }

  private static RawHttp2 connected(WorkloadPlane plane) throws IOException {
    var trust = RawHttp2.trusting(WorkloadPlane.ROOT);
    return new RawHttp2(trust, plane.server.port(), "TLSv1.3");
  }
}

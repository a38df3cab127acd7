package io.signet.e2e.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class PeersTest {
  @Test
  void require_unknownPeer_endsTheTestAndNamesIt() {
    assertThatThrownBy(() -> Peers.require("no-such-peer"))
        .hasMessageContaining("peer no-such-peer is missing")
        .hasMessageContaining("e2e/peers/fetch");
  }

  @Test
  void freePort_isOutsideTheRangeOfOutgoingConnections() {
    assertThat(Ports.free()).isBetween(20_000, 32_767);
  }
}

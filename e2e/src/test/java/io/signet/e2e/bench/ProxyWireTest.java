package io.signet.e2e.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyWireTest {

  private static final int FRAME_HEADER_BYTES = 9;
  private static final String TYPE_URL =
      "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

  // SDS-10: version, nonce and all names again; the node was said before (SDS-3).
  @Test
  void ack_ofAPush_sentAsEnvoyDoes() throws Exception {
    var wire = new ProxyWire("sds_uds", false, SdsApi.SOTW, "ROOTCA");
    ByteBuf frame =
        wire.ack(ByteBufAllocator.DEFAULT, ProxyStream.BUNDLE, new SdsPush("v7", "n-1", 1));

    int length = frame.readMedium();
    assertThat(frame.readShort()).as("DATA, no flags").isZero();
    assertThat(frame.readInt()).isEqualTo(ProxyStream.BUNDLE.id());
    assertThat(length).isEqualTo(frame.readableBytes());
    frame.skipBytes(SdsMessages.PREFIX_BYTES);
    assertThat(DiscoveryRequest.parseFrom(ByteBufUtil.getBytes(frame)))
        .isEqualTo(
            DiscoveryRequest.newBuilder()
                .setTypeUrl(TYPE_URL)
                .setVersionInfo("v7")
                .setResponseNonce("n-1")
                .addResourceNames("ROOTCA")
                .build());
    frame.release();
  }

  // The nonce alone: what is subscribed to stays.
  @Test
  void ack_ofADeltaPush_theNonceAndNoNames() throws Exception {
    var wire = new ProxyWire("sds_uds", false, SdsApi.DELTA, "ROOTCA");
    ByteBuf frame =
        wire.ack(ByteBufAllocator.DEFAULT, ProxyStream.SVID, new SdsPush("v7", "n-1", 1));

    frame.skipBytes(FRAME_HEADER_BYTES + SdsMessages.PREFIX_BYTES);
    assertThat(DeltaDiscoveryRequest.parseFrom(ByteBufUtil.getBytes(frame)))
        .isEqualTo(
            DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(TYPE_URL)
                .setResponseNonce("n-1")
                .build());
    frame.release();
  }

  @Test
  void push_aDeltaResponse_whatAnAckNeeds() throws Exception {
    DeltaDiscoveryResponse response =
        DeltaDiscoveryResponse.newBuilder()
            .setSystemVersionInfo("v7")
            .addResources(Resource.newBuilder().setName("default").setVersion("v7"))
            .setTypeUrl(TYPE_URL)
            .setNonce("n-1")
            .build();

    assertThat(SdsPush.of(ByteBuffer.wrap(response.toByteArray())))
        .isEqualTo(new SdsPush("v7", "n-1", 1));
  }

  @Test
  void push_aResponse_whatAnAckNeeds() throws Exception {
    DiscoveryResponse response =
        DiscoveryResponse.newBuilder()
            .setVersionInfo("v7")
            .addResources(Any.newBuilder().setValue(ByteString.copyFrom(new byte[300])))
            .setTypeUrl(TYPE_URL)
            .setNonce("n-1")
            .build();

    assertThat(SdsPush.of(ByteBuffer.wrap(response.toByteArray())))
        .isEqualTo(new SdsPush("v7", "n-1", 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 6, 7, 15, 1_000})
  void messages_framesOfAnySize_sameMessages(int frameBytes) {
    ByteBuf stream = Unpooled.buffer();
    for (String text : List.of("first", "", "the third of them")) {
      stream.writeByte(0).writeInt(text.length()).writeBytes(text.getBytes(US_ASCII));
    }
    var messages = new SdsMessages();
    List<String> read = new ArrayList<>();
    while (stream.isReadable()) {
      ByteBuf frame = stream.readSlice(Math.min(frameBytes, stream.readableBytes()));
      messages.read(frame, message -> read.add(message.toString(US_ASCII)));
    }

    assertThat(read).containsExactly("first", "", "the third of them");
  }

  @Test
  void opening_tokensOfTwoProxies_differ() {
    var wire = new ProxyWire("sds_uds", false, SdsApi.SOTW, "ROOTCA");

    assertThat(wire.opening("proxy-1", "token-1").length).isGreaterThan(FRAME_HEADER_BYTES);
    assertThat(wire.opening("proxy-1", "token-1")).isNotEqualTo(wire.opening("proxy-1", "token-2"));
  }
}

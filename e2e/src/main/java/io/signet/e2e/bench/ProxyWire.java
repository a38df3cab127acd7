package io.signet.e2e.bench;

import static io.netty.handler.codec.http2.Http2CodecUtil.connectionPrefaceBuf;
import static io.netty.handler.codec.http2.Http2CodecUtil.writeFrameHeader;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Flags;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * What proxies say, in the bytes of HTTP/2, gRPC and SDS. All but the acknowledgements is encoded
 * before anything is measured. Safe for use by many threads.
 */
final class ProxyWire {

  /** Of each stream; Envoy's is as large, so that the server is never held up by it. */
  static final int WINDOW = 16 * 1024 * 1024;

  // Of a connection, before it is enlarged (RFC 9113, 6.9.2).
  private static final int FIRST_WINDOW = 65_535;
  private static final short INITIAL_WINDOW_SIZE = 0x4;
  private static final short MAX_CONCURRENT_STREAMS = 0x3;
  private static final int CONCURRENT_STREAMS = 100;
  private static final int SETTING_BYTES = 6;

  private static final String SVID_NAME = "default";

  private final String authority;
  private final String scheme;
  private final SdsApi api;
  private final String bundleName;
  private final byte[] svidAgain;
  private final byte[] bundleAgain;

  /**
   * @param authority what the proxies call the server
   * @param tls whether they speak TLS with it
   * @param bundleName the name that the second stream asks for
   */
  ProxyWire(String authority, boolean tls, SdsApi api, String bundleName) {
    this.authority = authority;
    this.scheme = tls ? "https" : "http";
    this.api = api;
    this.bundleName = bundleName;
    this.svidAgain = api.again(SVID_NAME);
    this.bundleAgain = api.again(bundleName);
  }

  /** All that a proxy says before it is answered: the connection's greeting and both requests. */
  byte[] opening(String node, String token) {
    ByteBuf out = Unpooled.buffer(2048);
    greet(out);
    // One table for both: what the first stream said of itself, the second says by number.
    var headers = new DefaultHttp2HeadersEncoder();
    byte[] first = api.first(node(node));
    for (ProxyStream stream : ProxyStream.values()) {
      writeHeaders(out, headers, stream, token);
      writeMessage(out, stream, first, api.asking(name(stream)));
    }
    return ByteBufUtil.getBytes(out);
  }

  private static void greet(ByteBuf out) {
    out.writeBytes(connectionPrefaceBuf());
    writeFrameHeader(out, 2 * SETTING_BYTES, Http2FrameTypes.SETTINGS, new Http2Flags(), 0);
    out.writeShort(MAX_CONCURRENT_STREAMS).writeInt(CONCURRENT_STREAMS);
    out.writeShort(INITIAL_WINDOW_SIZE).writeInt(WINDOW);
    writeFrameHeader(out, Integer.BYTES, Http2FrameTypes.WINDOW_UPDATE, new Http2Flags(), 0);
    out.writeInt(WINDOW - FIRST_WINDOW);
  }

  private static Node node(String id) {
    return Node.newBuilder().setId(id).setCluster("bench").setUserAgentName("envoy").build();
  }

  private void writeHeaders(
      ByteBuf out, DefaultHttp2HeadersEncoder encoder, ProxyStream stream, String token) {
    ByteBuf block = Unpooled.buffer(1024);
    try {
      encoder.encodeHeaders(stream.id(), headers(token), block);
    } catch (Http2Exception e) {
      throw new IllegalArgumentException("a token that fits in no header", e);
    }
    Http2Flags end = new Http2Flags().endOfHeaders(true);
    writeFrameHeader(out, block.readableBytes(), Http2FrameTypes.HEADERS, end, stream.id());
    out.writeBytes(block);
  }

  private Http2Headers headers(String token) {
    return new DefaultHttp2Headers()
        .method("POST")
        .scheme(scheme)
        .path(api.path())
        .authority(authority)
        .set("te", "trailers")
        .set("content-type", "application/grpc")
        .set("authorization", "Bearer " + token);
  }

  private String name(ProxyStream stream) {
    return stream == ProxyStream.SVID ? SVID_NAME : bundleName;
  }

  // Of a message of protobuf, any parts one after the other make the whole.
  private static void writeMessage(ByteBuf out, ProxyStream stream, byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    writeFrameHeader(
        out,
        SdsMessages.PREFIX_BYTES + length,
        Http2FrameTypes.DATA,
        new Http2Flags(),
        stream.id());
    out.writeByte(0).writeInt(length);
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
  }

  /** A frame that accepts a push. */
  ByteBuf ack(ByteBufAllocator memory, ProxyStream stream, SdsPush push) {
    byte[] again = stream == ProxyStream.SVID ? svidAgain : bundleAgain;
    byte[] accepted = api.accepted(push);
    ByteBuf out = memory.buffer(32 + again.length + accepted.length);
    writeMessage(out, stream, again, accepted);
    return out;
  }
}

package io.signet.e2e.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2FrameWriter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a proxy, with two streams: it accepts each push at once, answers pings, and
 * tells its watcher what happens. Just enough of HTTP/2 for that, because thousands of them run
 * beside the server that they measure. Confined to its event loop.
 */
final class Proxy extends ByteToMessageDecoder {

  private static final Http2FrameWriter FRAMES = new DefaultHttp2FrameWriter();

  /** Who is told what happens to a proxy, on the thread of its connection. Must not block. */
  interface Watcher {

    /** A push came, was understood and will be accepted. */
    void pushed(ProxyStream stream, SdsPush push, ByteBuf message, long nanos);

    /** So many acceptances were handed to the kernel. */
    void acknowledged(int pushes, long nanos);

    /** The connection ended, or one of its streams did, which ends it too. Comes once. */
    void ended(String why);
  }

  private final byte[] opening;
  private final ProxyWire wire;
  private final Watcher watcher;
  private final DefaultHttp2FrameReader reader =
      new DefaultHttp2FrameReader(new DefaultHttp2HeadersDecoder(false));
  private final Frames frames = new Frames();
  private final SdsMessages svids = new SdsMessages();
  private final SdsMessages bundles = new SdsMessages();
  private final EnumMap<ProxyStream, Integer> consumed = new EnumMap<>(ProxyStream.class);
  private volatile @Nullable ChannelHandlerContext context;
  private int unflushed;
  private boolean ended;

  Proxy(byte[] opening, ProxyWire wire, Watcher watcher) {
    this.opening = opening;
    this.wire = wire;
    this.watcher = watcher;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) throws Exception {
    if (context.pipeline().get(SslHandler.class) == null) {
      begin(context);
    }
    super.channelActive(context);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
    if (event instanceof SslHandshakeCompletionEvent handshake) {
      if (handshake.isSuccess()) {
        begin(context);
      } else {
        exceptionCaught(context, handshake.cause());
      }
    }
    super.userEventTriggered(context, event);
  }

  private void begin(ChannelHandlerContext context) {
    var _ = context.writeAndFlush(Unpooled.wrappedBuffer(opening));
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
      throws Http2Exception {
    reader.readFrame(context, in, frames);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) throws Exception {
    context.flush();
    if (unflushed > 0) {
      watcher.acknowledged(unflushed, System.nanoTime());
      unflushed = 0;
    }
    super.channelReadComplete(context);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) throws Exception {
    end(context, "connection closed");
    super.channelInactive(context);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    end(context, cause.getClass().getSimpleName() + ": " + cause.getMessage());
  }

  private void end(ChannelHandlerContext context, String why) {
    failed(why);
    var _ = context.close();
  }

  /** There is no connection, or none any more. */
  void failed(String why) {
    if (!ended) {
      ended = true;
      watcher.ended(why);
    }
  }

  /** Goes away without a word to its watcher. For any thread. */
  void leave() {
    ChannelHandlerContext standing = context;
    if (standing != null) {
      var _ = standing.executor().submit(() -> leave(standing));
    }
  }

  private void leave(ChannelHandlerContext standing) {
    ended = true;
    var _ = standing.close();
  }

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    context = added;
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext context) {
    reader.close();
  }

  private void received(ChannelHandlerContext context, ProxyStream stream, ByteBuf message) {
    try {
      SdsPush push = SdsPush.of(message.nioBuffer());
      watcher.pushed(stream, push, message, System.nanoTime());
      var _ = context.write(wire.ack(context.alloc(), stream, push));
      unflushed++;
    } catch (IOException e) {
      end(context, "a push that is no message");
    }
  }

  /** What is done about each kind of frame. */
  private final class Frames extends Http2FrameAdapter {

    @Override
    public int onDataRead(
        ChannelHandlerContext context, int id, ByteBuf data, int padding, boolean last) {
      ProxyStream stream = ProxyStream.of(id);
      consume(context, stream, data.readableBytes() + padding);
      SdsMessages messages = stream == ProxyStream.SVID ? svids : bundles;
      messages.read(data, message -> received(context, stream, message));
      return 0;
    }

    // A quarter, so that both streams together never use up what the connection has.
    private void consume(ChannelHandlerContext context, ProxyStream stream, int bytes) {
      int sum = consumed.merge(stream, bytes, Integer::sum);
      if (sum > ProxyWire.WINDOW / 4) {
        var _ = FRAMES.writeWindowUpdate(context, 0, sum, context.newPromise());
        var _ = FRAMES.writeWindowUpdate(context, stream.id(), sum, context.newPromise());
        consumed.remove(stream);
      }
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext context, int id, Http2Headers headers, int padding, boolean last) {
      if (last) {
        end(
            context,
            "%s stream: status %s %s"
                .formatted(
                    ProxyStream.of(id), headers.get("grpc-status"), headers.get("grpc-message")));
      }
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext context,
        int id,
        Http2Headers headers,
        int dependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean last) {
      onHeadersRead(context, id, headers, padding, last);
    }

    @Override
    public void onSettingsRead(ChannelHandlerContext context, Http2Settings settings) {
      var _ = FRAMES.writeSettingsAck(context, context.newPromise());
    }

    @Override
    public void onPingRead(ChannelHandlerContext context, long data) {
      var _ = FRAMES.writePing(context, true, data, context.newPromise());
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext context, int id, long error) {
      end(context, "%s stream: reset, error %d".formatted(ProxyStream.of(id), error));
    }

    @Override
    public void onGoAwayRead(ChannelHandlerContext context, int last, long error, ByteBuf debug) {
      String why = new String(ByteBufUtil.getBytes(debug), StandardCharsets.UTF_8);
      end(context, "goaway, error %d %s".formatted(error, why).strip());
    }
  }
}

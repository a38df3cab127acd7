package io.signet.e2e.bench;

import io.grpc.netty.GrpcSslContexts;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2SettingsFrame;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import io.signet.ca.config.Address;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Connections that greet as HTTP/2 clients do, answer pings, and ask for nothing. */
final class IdleConnections implements AutoCloseable {

  private static final int AT_ONCE = 50;
  private static final long PATIENCE_SECONDS = 60;

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Semaphore greeting = new Semaphore(AT_ONCE);
  private final AtomicInteger open = new AtomicInteger();
  private final Address address;
  private final SslContext tls;

  IdleConnections(Address address, Path caFile) throws IOException {
    this.address = address;
    this.tls =
        GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
            .trustManager(caFile.toFile())
            .build();
  }

  /** Opens this many; returns when the server has greeted each of them. */
  void open(int count) throws BenchException, InterruptedException {
    Bootstrap client = bootstrap();
    for (int i = 0; i < count; i++) {
      take(1);
      var _ = client.connect(address.host(), address.port());
    }
    take(AT_ONCE);
    greeting.release(AT_ONCE);
  }

  private void take(int permits) throws BenchException, InterruptedException {
    if (!greeting.tryAcquire(permits, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new BenchException("the server greets no more after " + open + " connections");
    }
  }

  private Bootstrap bootstrap() {
    return new Bootstrap()
        .group(loops)
        .channel(NioSocketChannel.class)
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                channel
                    .pipeline()
                    .addLast(
                        tls.newHandler(channel.alloc(), address.host(), address.port()),
                        Http2FrameCodecBuilder.forClient().build(),
                        new Greeted());
              }
            });
  }

  /** How many are open now. */
  int count() {
    return open.get();
  }

  private final class Greeted extends ChannelInboundHandlerAdapter {
    private boolean greeted;

    @Override
    public void channelRead(ChannelHandlerContext context, Object frame) {
      if (frame instanceof Http2SettingsFrame && !greeted) {
        greeted = true;
        open.incrementAndGet();
        greeting.release();
      }
      ReferenceCountUtil.release(frame);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      if (greeted) {
        open.decrementAndGet();
      }
    }
  }

  @Override
  public void close() {
    var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}

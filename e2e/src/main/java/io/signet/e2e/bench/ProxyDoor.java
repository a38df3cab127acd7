package io.signet.e2e.bench;

import io.grpc.netty.GrpcSslContexts;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.Future;
import io.signet.ca.config.Address;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where proxies come in, and how.
 *
 * @param tls empty on the Unix socket
 */
record ProxyDoor(
    SocketAddress address, Class<? extends Channel> channel, Optional<SslContext> tls) {

  /** The Unix socket of the server. */
  static ProxyDoor unix(Path socket) {
    return new ProxyDoor(
        new DomainSocketAddress(socket.toString()),
        EpollDomainSocketChannel.class,
        Optional.empty());
  }

  /** TLS on TCP, each connection with a full handshake, by the library that the server uses. */
  static ProxyDoor tls(Address address, Path caFile) throws IOException {
    SslContext context =
        GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.OPENSSL)
            .trustManager(RememberedTrust.in(caFile))
            .endpointIdentificationAlgorithm(null)
            .build();
    return new ProxyDoor(
        new InetSocketAddress(address.host(), address.port()),
        EpollSocketChannel.class,
        Optional.of(context));
  }

  /** Connects a proxy; whatever comes of it, its watcher is told. */
  void connect(EventLoopGroup loops, Proxy proxy) {
    var _ =
        new Bootstrap()
            .group(loops)
            .channel(channel)
            .handler(tls.isPresent() ? new Encrypted(tls.get(), proxy) : proxy)
            .connect(address)
            .addListener(connected -> connected(connected, proxy));
  }

  private void connected(Future<? super Void> connected, Proxy proxy) {
    if (!connected.isSuccess()) {
      // Without the address, which differs from run to run.
      proxy.failed(String.valueOf(connected.cause().getMessage()).replace(": " + address, ""));
    }
  }

  private static final class Encrypted extends ChannelInitializer<Channel> {
    private final SslContext tls;
    private final ChannelHandler proxy;

    Encrypted(SslContext tls, ChannelHandler proxy) {
      this.tls = tls;
      this.proxy = proxy;
    }

    @Override
    protected void initChannel(Channel channel) {
      SslHandler handshake = tls.newHandler(channel.alloc());
      handshake.setHandshakeTimeoutMillis(0); // it is the server that says when it was too long
      channel.pipeline().addLast(handshake, proxy);
    }
  }
}

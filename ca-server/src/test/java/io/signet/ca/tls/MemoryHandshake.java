package io.signet.ca.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;
import javax.net.ssl.SSLEngine;

/** A TLS handshake of two engines, without a network. */
final class MemoryHandshake {
  private final SslHandler clientTls;
  private final SslHandler serverTls;
  private final EmbeddedChannel client;
  private final EmbeddedChannel server;

  private MemoryHandshake(SSLEngine client, SSLEngine server) {
    clientTls = new SslHandler(client);
    serverTls = new SslHandler(server);
    this.server = new EmbeddedChannel(serverTls);
    this.client = new EmbeddedChannel(clientTls);
  }

  /**
   * Whether it succeeds. At its end each has read all that the other sent, session tickets
   * included, which come with the first bytes of the application.
   */
  static boolean between(SSLEngine client, SSLEngine server) {
    var handshake = new MemoryHandshake(client, server);
    while (handshake.moved()) {}
    return handshake.succeeded() && handshake.serverIsHeard();
  }

  private boolean succeeded() {
    return clientTls.handshakeFuture().isSuccess() && serverTls.handshakeFuture().isSuccess();
  }

  private boolean serverIsHeard() {
    var _ = server.writeOutbound(Unpooled.wrappedBuffer(new byte[] {1}));
    while (moved()) {}
    return client.readInbound() instanceof ByteBuf heard && heard.readByte() == 1;
  }

  private boolean moved() {
    return moved(server, client) || moved(client, server);
  }

  private static boolean moved(EmbeddedChannel from, EmbeddedChannel to) {
    ByteBuf bytes = from.readOutbound();
    if (bytes == null) {
      return false;
    }
    try {
      var _ = to.writeInbound(bytes);
    } catch (Exception refused) {
      // Told by the future of the handshake.
    }
    return true;
  }
}

package io.signet.ca.grpc;

import io.grpc.Attributes;
import io.grpc.ServerCredentials;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.InternalProtocolNegotiationEvent;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.ProtocolNegotiationEvent;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.util.AsciiString;
import io.signet.attestation.Evidence.PeerCredentials;
import java.io.IOException;

/**
 * Plaintext HTTP/2 on a Unix socket, with the kernel's word on who is at the other end (AUTH-1)
 * among the attributes of the transport.
 *
 * <p>grpc-java has no public way to add such an attribute; this is the only class that uses its
 * internal one (GOT-11).
 */
final class UnixSocketCredentials {

  /** The process at the other end, as it was when it connected. */
  static final Attributes.Key<PeerCredentials> PEER =
      Attributes.Key.create("signet-peer-credentials");

  private UnixSocketCredentials() {}

  static ServerCredentials create() {
    return InternalNettyServerCredentials.create(
        new Negotiator(InternalProtocolNegotiators.serverPlaintext()));
  }

  private record Negotiator(InternalProtocolNegotiator.ProtocolNegotiator plaintext)
      implements InternalProtocolNegotiator.ProtocolNegotiator {

    @Override
    public AsciiString scheme() {
      return plaintext.scheme();
    }

    @Override
    public ChannelHandler newHandler(GrpcHttp2ConnectionHandler http2) {
      return new AddsPeer(plaintext.newHandler(http2));
    }

    @Override
    public void close() {
      plaintext.close();
    }
  }

  /** Stands before the plaintext handler and adds to the event that starts the negotiation. */
  private static final class AddsPeer extends ChannelInboundHandlerAdapter {
    private final ChannelHandler next;

    AddsPeer(ChannelHandler next) {
      this.next = next;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
      context.pipeline().addAfter(context.name(), null, next);
    }

    // An IOException from here fails the negotiation, which closes the connection.
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws IOException {
      if (event instanceof ProtocolNegotiationEvent start) {
        context.fireUserEventTriggered(
            withPeer(start, (EpollDomainSocketChannel) context.channel()));
        context.pipeline().remove(this);
      } else {
        context.fireUserEventTriggered(event);
      }
    }

    private static ProtocolNegotiationEvent withPeer(
        ProtocolNegotiationEvent event, EpollDomainSocketChannel channel) throws IOException {
      Attributes attributes = InternalProtocolNegotiationEvent.getAttributes(event);
      return InternalProtocolNegotiationEvent.withAttributes(
          event, attributes.toBuilder().set(PEER, peer(channel)).build());
    }

    private static PeerCredentials peer(EpollDomainSocketChannel channel) throws IOException {
      var kernel = channel.peerCredentials();
      return new PeerCredentials(kernel.uid(), kernel.gids()[0], kernel.pid());
    }
  }
}

package io.signet.ca.grpc;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.signet.ca.tls.TestCertificates;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;

/** A client that speaks just enough HTTP/2 to do what a well-behaved client would not. */
final class RawHttp2 implements AutoCloseable {
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;

  private final SSLSocket socket;
  private final DataInputStream in;
  private final DataOutputStream out;

  /** What the server sent: the type of the frame and its payload. */
  record Frame(int type, int flags, byte[] payload) {}

  /**
   * @param client kept over several connections, it would resume a session if it were let
   */
  RawHttp2(SSLContext client, int port, String protocol) throws IOException {
    socket = (SSLSocket) client.getSocketFactory().createSocket("localhost", port);
    var parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"h2"});
    parameters.setProtocols(new String[] {protocol});
    socket.setSSLParameters(parameters);
    socket.setSoTimeout(10_000);
    socket.setTcpNoDelay(true);
    socket.startHandshake();
    in = new DataInputStream(socket.getInputStream());
    out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
    out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
    write(SETTINGS, 0, new byte[0]);
    out.flush();
    Frame settings = next();
    if (settings.type() != SETTINGS) {
      throw new IOException("no HTTP/2: " + settings);
    }
  }

  static SSLContext trusting(TestCertificates root) {
    try {
      var context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {root.trust()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  SSLSocket socket() {
    return socket;
  }

  /** Sends one ping and gives what comes back: its answer, or the end of the connection. */
  Frame ping() throws IOException {
    sendPings(1);
    Frame answer = next();
    while (answer.type() != GOAWAY && !(answer.type() == PING && answer.flags() == 1)) {
      answer = next();
    }
    return answer;
  }

  /** In one write, so that the server cannot have closed the connection in between. */
  void sendPings(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      write(PING, 0, new byte[8]);
    }
    out.flush();
  }

  /** The next frame of this type. */
  Frame next(int type) throws IOException {
    Frame frame = next();
    while (frame.type() != type) {
      frame = next();
    }
    return frame;
  }

  private void write(int type, int flags, byte[] payload) throws IOException {
    out.writeShort(payload.length >> 8);
    out.writeByte(payload.length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(0);
    out.write(payload);
  }

  private Frame next() throws IOException {
    int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
    int type = in.readUnsignedByte();
    int flags = in.readUnsignedByte();
    in.readInt();
    return new Frame(type, flags, in.readNBytes(length));
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}

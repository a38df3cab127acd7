package io.signet.attestation.kubernetes;

import io.fabric8.kubernetes.client.http.AsyncBody;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The body of an answer while it comes, for one reader. No more is fetched than is read, and
 * nothing waits beyond the deadline: then, and where the connection breaks, reading fails.
 */
final class StreamedBody extends InputStream {

  private static final int LONGEST_TEXT = 64 * 1024;

  private final URI url;
  private final Duration limit;
  private final long end;
  private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
  private final Queue<ByteBuffer> unread = new ArrayDeque<>();
  private @Nullable AsyncBody body;
  private @Nullable Arrival last;

  /** Bytes, or with none of them the end. */
  private record Arrival(List<ByteBuffer> bytes, @Nullable Throwable failure) {
    boolean isEnd() {
      return bytes.isEmpty();
    }
  }

  /** Its deadline runs from now. */
  StreamedBody(URI url, Duration deadline) {
    this.url = url;
    this.limit = deadline;
    this.end = System.nanoTime() + deadline.toNanos();
  }

  /** Takes what comes. */
  void arrived(List<ByteBuffer> bytes, AsyncBody from) {
    if (bytes.isEmpty()) {
      from.consume();
    } else {
      arrivals.add(new Arrival(bytes, null));
    }
  }

  /** The answer has begun. */
  void begin(AsyncBody begun) {
    body = begun;
    var _ =
        begun.done().whenComplete((_, failure) -> arrivals.add(new Arrival(List.of(), failure)));
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    while (unread.isEmpty()) {
      if (isAtEnd()) {
        return -1;
      }
    }
    ByteBuffer next = unread.element();
    int count = Math.min(length, next.remaining());
    next.get(to, offset, count);
    if (!next.hasRemaining()) {
      unread.remove();
    }
    return count;
  }

  /** Waits for more. */
  private boolean isAtEnd() throws IOException {
    if (last == null) {
      Arrival arrival = next();
      arrival.bytes().stream().filter(ByteBuffer::hasRemaining).forEach(unread::add);
      last = arrival.isEnd() ? arrival : null;
    }
    if (last != null && last.failure() != null) {
      throw new ApiException(url + ": " + last.failure());
    }
    return last != null;
  }

  private Arrival next() throws IOException {
    try {
      Arrival arrival = arrivals.poll();
      if (arrival == null && body != null) {
        body.consume();
        arrival = arrivals.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
      if (arrival == null) {
        throw new ApiException("%s: not at its end within %d ms".formatted(url, limit.toMillis()));
      }
      return arrival;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ApiException(url + ": interrupted");
    }
  }

  /** What there is to read, cut if it is long; empty if it cannot be read. */
  String text() {
    try (this) {
      return new String(readNBytes(LONGEST_TEXT), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }

  /** Nothing more is fetched. */
  @Override
  public void close() {
    if (body != null) {
      body.cancel();
    }
  }
}

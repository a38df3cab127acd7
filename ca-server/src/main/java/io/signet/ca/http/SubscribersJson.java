package io.signet.ca.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.signet.ca.http.SubscriberStatus.Held;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.stream.Stream;

/**
 * Writes streams one by one, so that of an answer about ten thousand there is one copy. What is
 * absent has no member.
 */
final class SubscribersJson {
  private static final JsonFactory JSON = new JsonFactory();

  // Peers choose their names, a thousand each: no answer grows beyond this by more than one stream.
  private static final int ENOUGH = 16 * 1024 * 1024;

  private SubscribersJson() {}

  /** The first of them, so many as are allowed and fit, and how many there are. */
  static Buffer of(Stream<SubscriberStatus> all, int limit) {
    Buffer buffer = Buffer.buffer();
    try (JsonGenerator json = JSON.createGenerator(into(buffer))) {
      write(json, buffer, all.iterator(), limit);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // no memory is no file
    }
    return buffer.appendString("\n");
  }

  private static void write(
      JsonGenerator json, Buffer buffer, Iterator<SubscriberStatus> all, int limit)
      throws IOException {
    long total = 0;
    long shown = 0;
    json.writeStartObject();
    json.writeArrayFieldStart("streams");
    for (; all.hasNext(); total++) {
      SubscriberStatus next = all.next();
      if (shown == total && shown < limit && buffer.length() < ENOUGH) {
        write(json, next);
        shown++;
      }
    }
    json.writeEndArray();
    json.writeNumberField("shown", shown);
    json.writeNumberField("total", total);
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, SubscriberStatus one) throws IOException {
    json.writeStartObject();
    json.writeStringField("stream", one.stream());
    json.writeStringField("node", one.node());
    json.writeStringField("identity", one.identity());
    json.writeStringField("instance", one.instance());
    json.writeStringField("listener", one.listener());
    json.writeArrayFieldStart("names");
    for (Held held : one.secrets()) {
      write(json, held);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Held held) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", held.name());
    json.writeStringField("state", held.state().label());
    if (held.version().isPresent()) {
      json.writeStringField("version", held.version().get());
    }
    if (held.since().isPresent()) {
      json.writeStringField("since", held.since().get().toString());
    }
    json.writeNumberField("nacks", held.nacks());
    if (held.nack().isPresent()) {
      json.writeStringField("nack", held.nack().get());
    }
    json.writeEndObject();
  }

  private static OutputStream into(Buffer buffer) {
    return new OutputStream() {
      @Override
      public void write(int b) {
        buffer.appendByte((byte) b);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        buffer.appendBytes(bytes, offset, length);
      }
    };
  }
}

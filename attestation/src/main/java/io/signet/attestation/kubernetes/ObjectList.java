package io.signet.attestation.kubernetes;

import static io.signet.attestation.kubernetes.Json.eachField;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * All objects of one kind in a cluster, as they are stored at one moment after the list was asked
 * for: it names no version, so that the API server must not answer from a cache that lags behind.
 * Read part by part, and each part as it streams by; for one thread.
 */
final class ObjectList {

  /** The form of a list with nothing but the metadata of each object. */
  static final String METADATA =
      "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

  private static final int PAGE = 500;

  private final ApiClient client;
  private final String path;
  private final String accept;
  private final Duration patience;
  private final Consumer<KubeObject> each;

  private String version = "";
  private String next = "";
  private boolean itemized;

  /**
   * @param accept the form of the list
   * @param patience for each part
   * @param each takes the objects one after the other; what it has taken counts only when the whole
   *     list was read
   */
  ObjectList(
      ApiClient client, String path, String accept, Duration patience, Consumer<KubeObject> each) {
    this.client = client;
    this.path = path;
    this.accept = accept;
    this.patience = patience;
    this.each = each;
  }

  /**
   * Reads all of it.
   *
   * @return its version, from which it can be watched
   * @throws IOException if any part of it could not be read, or is something else
   */
  String read() throws IOException {
    do {
      readPart();
    } while (!next.isEmpty());
    return version;
  }

  private void readPart() throws IOException {
    String query = "?limit=" + PAGE + (next.isEmpty() ? "" : "&continue=" + encoded(next));
    next = "";
    version = "";
    itemized = false;
    try (var body = client.stream(path + query, accept, patience);
        JsonParser in = Json.PARSERS.createParser(body)) {
      in.nextToken();
      eachField(in, this::field);
    }
    if (version.isEmpty() || !itemized) {
      throw notAList();
    }
  }

  private IOException notAList() {
    return new IOException(client.url(path) + ": not a list");
  }

  private void field(String name, JsonParser in) throws IOException {
    switch (name) {
      case "metadata" -> eachField(in, this::metadata);
      case "items" -> items(in);
      default -> {}
    }
  }

  private void metadata(String name, JsonParser in) throws IOException {
    switch (name) {
      case "resourceVersion" -> version = in.getValueAsString("");
      case "continue" -> next = in.getValueAsString("");
      default -> {}
    }
  }

  // An empty list may have null instead, as a slice of Go.
  private void items(JsonParser in) throws IOException {
    itemized = in.hasToken(JsonToken.START_ARRAY) || in.hasToken(JsonToken.VALUE_NULL);
    if (in.hasToken(JsonToken.START_ARRAY)) {
      while (in.nextToken() != JsonToken.END_ARRAY) {
        item(in);
      }
    }
  }

  private void item(JsonParser in) throws IOException {
    if (!in.hasToken(JsonToken.START_OBJECT)) {
      throw notAList();
    }
    each.accept(ObjectReader.read(in).object());
  }

  private static String encoded(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }
}

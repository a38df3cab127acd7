package io.signet.attestation.kubernetes;

import static io.signet.attestation.kubernetes.Json.eachField;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/**
 * Reads one object of the API as it streams by and skips the rest of it, so that even a list of all
 * pods needs no more memory than what is kept. Also reads a {@code Status}, which may stand where
 * an object is expected.
 */
final class ObjectReader {

  private String namespace = "";
  private String name = "";
  private String uid = "";
  private String version = "";
  private @Nullable Instant deletedAt;
  private String serviceAccount = "";
  private String node = "";
  private String phase = "";
  private int code;
  private String message = "";

  private ObjectReader() {}

  /**
   * @param in at the beginning of the object; afterwards at its end
   */
  static ObjectReader read(JsonParser in) throws IOException {
    var reader = new ObjectReader();
    eachField(in, reader::field);
    return reader;
  }

  private void field(String field, JsonParser in) throws IOException {
    switch (field) {
      case "metadata" -> eachField(in, this::metadata);
      case "spec" -> eachField(in, this::spec);
      case "status" -> eachField(in, this::status);
      case "code" -> code = in.getValueAsInt();
      case "message" -> message = text(in);
      default -> {}
    }
  }

  private void metadata(String field, JsonParser in) throws IOException {
    switch (field) {
      case "namespace" -> namespace = text(in).intern();
      case "name" -> name = text(in);
      case "uid" -> uid = text(in);
      case "resourceVersion" -> version = text(in);
      case "deletionTimestamp" -> deletedAt = time(in);
      default -> {}
    }
  }

  private void spec(String field, JsonParser in) throws IOException {
    switch (field) {
      case "serviceAccountName" -> serviceAccount = text(in).intern();
      case "nodeName" -> node = text(in).intern();
      default -> {}
    }
  }

  private void status(String field, JsonParser in) throws IOException {
    if (field.equals("phase")) {
      phase = text(in).intern();
    }
  }

  private static String text(JsonParser in) throws IOException {
    return in.getValueAsString("");
  }

  private static @Nullable Instant time(JsonParser in) throws IOException {
    try {
      return in.hasToken(JsonToken.VALUE_STRING) ? Instant.parse(in.getText()) : null;
    } catch (DateTimeParseException e) {
      throw new IOException("deletionTimestamp: not a time", e);
    }
  }

  KubeObject object() {
    return new KubeObject(namespace, name, uid, deletedAt, serviceAccount, node, phase);
  }

  /** The {@code resourceVersion}. */
  String version() {
    return version;
  }

  /** Of a {@code Status}. */
  int code() {
    return code;
  }

  /** Of a {@code Status}. */
  String message() {
    return message;
  }
}

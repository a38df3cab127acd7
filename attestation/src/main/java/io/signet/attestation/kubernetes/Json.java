package io.signet.attestation.kubernetes;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** JSON as it streams by, without a tree of it in memory. */
final class Json {

  // Names of labels would fill the JVM's table of strings.
  static final JsonFactory PARSERS =
      JsonFactory.builder().disable(JsonFactory.Feature.INTERN_FIELD_NAMES).build();

  private Json() {}

  /** Takes the field of this name, whose value the parser is at. */
  @FunctionalInterface
  interface Field {
    void take(String name, JsonParser in) throws IOException;
  }

  /**
   * Reads an object field by field; values that nobody takes are skipped. Anything but an object
   * has no fields.
   *
   * @param in at the beginning of the object; afterwards at its end
   */
  static void eachField(JsonParser in, Field field) throws IOException {
    if (!in.hasToken(JsonToken.START_OBJECT)) {
      in.skipChildren();
      return;
    }
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String name = in.currentName();
      in.nextToken();
      field.take(name, in);
      in.skipChildren();
    }
  }
}

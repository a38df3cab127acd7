package io.signet.spiffe;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/**
 * A JSON value (RFC 8259), as much of it as a bundle needs; this module has no dependency that
 * could read one.
 */
sealed interface Json {
  /** Members in the order of the text. */
  record Obj(Map<String, Json> members) implements Json {}

  record Arr(List<Json> elements) implements Json {}

  record Str(String value) implements Json {}

  record Num(BigDecimal value) implements Json {}

  record Bool(boolean value) implements Json {}

  enum Null implements Json {
    NULL
  }

  /**
   * Reads one value.
   *
   * @throws IllegalArgumentException if the text is not exactly one JSON value, repeats a member
   *     name, or exceeds a limit of {@link JsonReader}; the message names the offset
   */
  static Json parse(String text) {
    return new JsonReader(text).document();
  }

  /** The text as a JSON string, quotes included. */
  static String quote(String text) {
    var quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ') {
        quoted.append("\\u%04x".formatted((int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}

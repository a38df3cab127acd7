package io.signet.spiffe;

import java.math.BigDecimal;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A strict reader of JSON: no comments, no trailing commas, no repeated member names, no unpaired
 * surrogates. What it reads comes from other trust domains, so size, depth and length of numbers
 * are bounded.
 */
final class JsonReader {
  /** In characters; the bundle of several hundred authorities. */
  static final int LARGEST = 1 << 20;

  static final int DEEPEST = 32;
  static final int LONGEST_NUMBER = 100;

  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

  // Not a character of any JSON token, so it never matches where one is expected.
  private static final char END = '\0';

  private final String text;
  private final CharsetEncoder unicode = StandardCharsets.UTF_8.newEncoder();
  private int offset;

  JsonReader(String text) {
    this.text = text;
  }

  Json document() {
    if (text.length() > LARGEST) {
      throw refused(text.length() + " characters", "at most " + LARGEST);
    }
    Json value = value(1);
    skipWhitespace();
    if (offset < text.length()) {
      throw unexpected("end of text");
    }
    return value;
  }

  private Json value(int depth) {
    if (depth > DEEPEST) {
      throw refused("nesting", "at most " + DEEPEST + " levels");
    }
    return switch (token()) {
      case '{' -> new Json.Obj(members(depth));
      case '[' -> new Json.Arr(elements(depth));
      case '"' -> new Json.Str(string());
      case 't' -> literal("true", new Json.Bool(true));
      case 'f' -> literal("false", new Json.Bool(false));
      case 'n' -> literal("null", Json.Null.NULL);
      default -> new Json.Num(number());
    };
  }

  private Map<String, Json> members(int depth) {
    var members = new LinkedHashMap<String, Json>();
    if (isEmpty('{', '}')) {
      return members;
    }
    do {
      String name = name(members);
      take(':');
      members.put(name, value(depth + 1));
    } while (another('}'));
    return members;
  }

  private String name(Map<String, Json> members) {
    skipWhitespace();
    String name = string();
    if (members.containsKey(name)) {
      throw refused("repeated member " + Shown.text(name), "unique names");
    }
    return name;
  }

  private List<Json> elements(int depth) {
    var elements = new ArrayList<Json>();
    if (isEmpty('[', ']')) {
      return elements;
    }
    do {
      elements.add(value(depth + 1));
    } while (another(']'));
    return elements;
  }

  private boolean isEmpty(char open, char close) {
    take(open);
    if (token() != close) {
      return false;
    }
    offset++;
    return true;
  }

  private boolean another(char close) {
    char c = token();
    if (c != ',' && c != close) {
      throw unexpected("',' or '" + close + "'");
    }
    offset++;
    return c == ',';
  }

  private String string() {
    take('"');
    var string = new StringBuilder();
    while (peek() != '"') {
      string.append(peek() == '\\' ? escaped() : plain());
    }
    offset++;
    if (!unicode.canEncode(string)) {
      throw refused("unpaired surrogate", "Unicode text");
    }
    return string.toString();
  }

  private char plain() {
    if (peek() < ' ') {
      throw unexpected("a closing quote");
    }
    return text.charAt(offset++);
  }

  private char escaped() {
    offset++;
    char c = peek();
    offset++;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> codeUnit();
      default -> throw refused("escape " + Shown.character(c), "one of \" \\ / b f n r t u");
    };
  }

  private char codeUnit() {
    int end = offset + 4;
    try {
      char c = (char) HexFormat.fromHexDigits(text, offset, end);
      offset = end;
      return c;
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw refused("escape \\u", "4 hexadecimal digits");
    }
  }

  private BigDecimal number() {
    Matcher number = NUMBER.matcher(text).region(offset, text.length());
    if (!number.lookingAt()) {
      throw unexpected("a value");
    }
    String digits = number.group();
    if (digits.length() > LONGEST_NUMBER) {
      throw refused("number of " + digits.length() + " characters", "at most " + LONGEST_NUMBER);
    }
    try {
      BigDecimal value = new BigDecimal(digits);
      offset = number.end();
      return value;
    } catch (NumberFormatException e) {
      throw refused("number " + digits, "an exponent within 32 bits");
    }
  }

  private Json literal(String word, Json value) {
    if (!text.startsWith(word, offset)) {
      throw unexpected(word);
    }
    offset += word.length();
    return value;
  }

  private void take(char expected) {
    if (token() != expected) {
      throw unexpected("'" + expected + "'");
    }
    offset++;
  }

  private char token() {
    skipWhitespace();
    return peek();
  }

  private void skipWhitespace() {
    while (" \t\n\r".indexOf(peek()) >= 0) {
      offset++;
    }
  }

  private char peek() {
    return offset < text.length() ? text.charAt(offset) : END;
  }

  private IllegalArgumentException unexpected(String expected) {
    String found = offset < text.length() ? Shown.character(peek()) : "end of text";
    return refused(found, expected);
  }

  private IllegalArgumentException refused(String found, String expected) {
    return new IllegalArgumentException(
        "JSON at offset %d: %s (expected: %s)".formatted(offset, found, expected));
  }
}

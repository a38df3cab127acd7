package io.signet.spiffe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

  @Test
  void parse_everyKindOfValue_isKept() {
    assertThat(
            Json.parse(" { \"a\" : [ 1 , -2.5e1, \"x\" ], \"b\":{},\t\"c\":[],\r\n\"d\":null } "))
        .isEqualTo(
            new Json.Obj(
                Map.of(
                    "a", new Json.Arr(List.of(number("1"), number("-2.5e1"), new Json.Str("x"))),
                    "b", new Json.Obj(Map.of()),
                    "c", new Json.Arr(List.of()),
                    "d", Json.Null.NULL)));
    assertThat(Json.parse("true")).isEqualTo(new Json.Bool(true));
    assertThat(Json.parse("false")).isEqualTo(new Json.Bool(false));
  }

  // RFC 8259, section 6
  @ParameterizedTest
  @ValueSource(
      strings = {"0", "-0", "9223372036854775808", "1.50", "1e3", "1E+3", "1e-3", "-1.5e10"})
  void parse_number_isExact(String text) {
    assertThat(Json.parse(text)).isEqualTo(number(text));
  }

  // RFC 8259, section 7
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"," + "`\"\\/\b\f\n\r\t`",
        "\"\\u00e4\\u20AC\"," + "ä€",
        "\"\\ud83d\\ude00\"," + "\ud83d\ude00",
        "\"ä€\ud83d\ude00\u007f\"," + "ä€\ud83d\ude00\u007f"
      })
  void parse_string_isUnescaped(String text, String value) {
    assertThat(Json.parse(text)).isEqualTo(new Json.Str(value));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "``                     | 0: end of text (expected: a value)",
        "{                      | 1: end of text (expected: '\"')",
        "{\"a\"}                | 4: '}' (expected: ':')",
        "{\"a\":1,}             | 7: '}' (expected: '\"')",
        "{a:1}                  | 1: 'a' (expected: '\"')",
        "{\"a\":1 \"b\":2}      | 7: '\"' (expected: ',' or '}')",
        "[1,]                   | 3: ']' (expected: a value)",
        "[1 2]                  | 3: '2' (expected: ',' or ']')",
        "[1                     | 2: end of text (expected: ',' or ']')",
        "1 2                    | 2: '2' (expected: end of text)",
        "{} {}                  | 3: '{' (expected: end of text)",
        "// 1                   | 0: '/' (expected: a value)",
        "\uFEFF1                | 0: '\\ufeff' (expected: a value)",
        "\u00a01                | 0: '\\u00a0' (expected: a value)",
        "True                   | 0: 'T' (expected: a value)",
        "tru                    | 0: 't' (expected: true)",
        "nulll                  | 4: 'l' (expected: end of text)",
        "NaN                    | 0: 'N' (expected: a value)",
        "+1                     | 0: '+' (expected: a value)",
        "01                     | 1: '1' (expected: end of text)",
        "-                      | 0: '-' (expected: a value)",
        ".5                     | 0: '.' (expected: a value)",
        "1.                     | 1: '.' (expected: end of text)",
        "1e                     | 1: 'e' (expected: end of text)",
        "0x1                    | 1: 'x' (expected: end of text)",
        "1e99999999999          | 0: number 1e99999999999 (expected: an exponent within 32 bits)",
        "'a'                    | 0: ''' (expected: a value)",
        "\"a                    | 2: end of text (expected: a closing quote)",
        "\"a\\                  | 4: escape '\\u0000' (expected: one of \" \\ / b f n r t u)",
        "\"\\x\"                | 3: escape 'x' (expected: one of \" \\ / b f n r t u)",
        "\"\\u12g4\"            | 3: escape \\u (expected: 4 hexadecimal digits)",
        "\"\\u12                | 3: escape \\u (expected: 4 hexadecimal digits)",
        "\"\\ud83d\"            | 8: unpaired surrogate (expected: Unicode text)",
        "\"\\ude00\\ud83d\"     | 14: unpaired surrogate (expected: Unicode text)",
        "{\"a\":1,\"a\":2}      | 10: repeated member \"a\" (expected: unique names)",
        "{\"a\":1,\"\\u0061\":2} | 15: repeated member \"a\" (expected: unique names)",
      })
  void parse_malformed_refusedWithOffset(String text, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Json.parse(text))
        .withMessage("JSON at offset " + message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\t", "\u0000", "\u001f"})
  void parse_rawControlCharacterInString_refused(String control) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Json.parse('"' + control + '"'))
        .withMessageContaining("offset 1: '\\u00");
  }

  // The reader marks the end of the text with this character.
  @ParameterizedTest
  @ValueSource(strings = {"\u0000", "1\u0000", "[\u0000]", "\u00001"})
  void parse_zeroCharacter_refused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Json.parse(text))
        .withMessageContaining(": '\\u0000'");
  }

  @Test
  void parse_deepestNesting_accepted() {
    String open = "[".repeat(JsonReader.DEEPEST);
    String close = "]".repeat(JsonReader.DEEPEST);
    assertThat(Json.parse(open + close)).isInstanceOf(Json.Arr.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{\"a\":"})
  void parse_deeperNesting_refused(String open) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Json.parse(open.repeat(100_000)))
        .withMessageContaining("nesting (expected: at most 32 levels)");
  }

  @Test
  void parse_largestText_accepted() {
    assertThat(Json.parse("1" + " ".repeat(JsonReader.LARGEST - 1))).isEqualTo(number("1"));
  }

  @Test
  void parse_largerText_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Json.parse(" ".repeat(JsonReader.LARGEST + 1)))
        .withMessageContaining("1048577 characters (expected: at most 1048576)");
  }

  @Test
  void parse_longestNumber_accepted() {
    String digits = "1".repeat(JsonReader.LONGEST_NUMBER);
    assertThat(Json.parse(digits)).isEqualTo(number(digits));
  }

  // A number of a million digits would take minutes to convert.
  @Test
  void parse_longerNumber_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Json.parse("1".repeat(1_000_000)))
        .withMessageContaining("number of 1000000 characters (expected: at most 100)");
  }

  @Test
  void parse_randomMutations_neverThrowAnythingElse() {
    var random = new Random(4);
    String valid = "{\"keys\":[{\"a\":-1.5e3,\"b\":[true,false,null,\"\\u00e4\\n\"]}],\"c\":{}}";
    for (int i = 0; i < 20_000; i++) {
      String mutated = mutate(valid, random);
      Throwable thrown = catchThrowable(() -> assertThat(Json.parse(mutated)).isNotNull());
      assertThat(thrown == null || thrown.getClass() == IllegalArgumentException.class)
          .as("%s: %s", mutated, thrown)
          .isTrue();
    }
  }

  @Test
  void quote_anyText_roundTrips() {
    var all = new StringBuilder();
    for (char c = 0; c < 0x250; c++) {
      all.append(c);
    }
    String text = all + "\u2028\ud83d\ude00";
    assertThat(Json.parse(Json.quote(text))).isEqualTo(new Json.Str(text));
  }

  @Test
  void quote_specialCharacters_areEscaped() {
    assertThat(Json.quote("a\"b\\c\n")).isEqualTo("\"a\\\"b\\\\c\\u000a\"");
  }

  private static String mutate(String valid, Random random) {
    var mutated = new StringBuilder(valid);
    for (int changes = 1 + random.nextInt(4); changes > 0 && !mutated.isEmpty(); changes--) {
      String junk = "{}[]\",:\\u0eE+-.19tfn \u0000\ud83d";
      char c = junk.charAt(random.nextInt(junk.length()));
      int at = random.nextInt(mutated.length());
      switch (random.nextInt(4)) {
        case 0 -> mutated.setCharAt(at, c);
        case 1 -> mutated.insert(at, c);
        case 2 -> mutated.deleteCharAt(at);
        default -> mutated.setLength(at + 1);
      }
    }
    return mutated.toString();
  }

  private static Json.Num number(String text) {
    return new Json.Num(new BigDecimal(text));
  }
}

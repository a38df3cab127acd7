package io.signet.spiffe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpiffeIdTest {
  private static final TrustDomain TD = new TrustDomain("td");

  // SPIFFE-ID 2.1 and 2.2
  @ParameterizedTest
  @ValueSource(
      strings = {
        "spiffe://example.org",
        "spiffe://example.org/ns/shop/sa/cart",
        "spiffe://10.0.0.1/a", // SPIFFE-6
        "spiffe://td/abcdefghijklmnopqrstuvwxyz/ABCDEFGHIJKLMNOPQRSTUVWXYZ/0123456789/.-_", // SPIFFE-10
        "spiffe://td/...", // SPIFFE-8
        "spiffe://td/.a/a..", // SPIFFE-8
        "spiffe://td/-"
      })
  void parse_canonicalId_printsTheSame(String uri) {
    assertThat(SpiffeId.parse(uri)).hasToString(uri);
  }

  // SPIFFE-1, SPIFFE-5: scheme and trust domain ignore case. SPIFFE-11: the path does not.
  @ParameterizedTest
  @CsvSource({
    "SPIFFE://td/a,         spiffe://td/a",
    "sPiFfE://TD.Example/A, spiffe://td.example/A"
  })
  void parse_upperCase_becomesCanonical(String uri, String canonical) {
    assertThat(SpiffeId.parse(uri)).hasToString(canonical);
  }

  // SPIFFE-11
  @Test
  void equals_pathsOfDifferentCase_differ() {
    assertThat(SpiffeId.parse("spiffe://td/a")).isNotEqualTo(SpiffeId.parse("spiffe://td/A"));
  }

  // SPIFFE-1
  @ParameterizedTest
  @ValueSource(
      strings = {"", "td", "/a", "spiffe", "spiffe:", "spiffe:/td", "http://td/a", " spiffe://td"})
  void parse_otherScheme_refused(String uri) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpiffeId.parse(uri))
        .withMessage("SPIFFE ID \"%s\": scheme (expected: spiffe://...)", uri);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "spiffe://              | trust domain \"\": empty", // SPIFFE-2
        "spiffe:///a            | trust domain \"\": empty", // SPIFFE-2
        "spiffe://me@td/a       | trust domain \"me@td\": userinfo (expected: no '@')", // SPIFFE-3
        "spiffe://me:pw@td/a    | trust domain \"me:pw@td\": userinfo (expected: no '@')", // SPIFFE-3
        "spiffe://td:443/a      | trust domain \"td:443\": port (expected: no ':')", // SPIFFE-3
        "spiffe://td:/a         | trust domain \"td:\": port (expected: no ':')", // SPIFFE-3
        "spiffe://[::1]/a       | trust domain \"[::1]\": IPv6 address (expected: a name)", // SPIFFE-6
        "spiffe://t%64/a        | trust domain \"t%64\": percent-encoding", // SPIFFE-5
        "spiffe://td/a?b=c      | SPIFFE ID \"spiffe://td/a?b=c\": query (expected: no '?')", // SPIFFE-4
        "spiffe://td?           | SPIFFE ID \"spiffe://td?\": query (expected: no '?')", // SPIFFE-4
        "spiffe://td/a#b        | SPIFFE ID \"spiffe://td/a#b\": fragment (expected: no '#')", // SPIFFE-4
        "spiffe://td#           | SPIFFE ID \"spiffe://td#\": fragment (expected: no '#')", // SPIFFE-4
        "spiffe://spiffe://td/a | trust domain \"spiffe:\": port (expected: no ':')", // SPIFFE-3
      })
  void parse_moreThanANameInTheAuthority_refusedByName(String uri, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpiffeId.parse(uri))
        .withMessageContaining(message);
  }

  // SPIFFE-ID 2.2
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "spiffe://td/         | path \"/\": trailing '/' (expected: /segment...)", // SPIFFE-9
        "spiffe://td/a/       | path \"/a/\": trailing '/' (expected: /segment...)", // SPIFFE-9
        "spiffe://td//a       | path \"//a\": empty segment (expected: at least one character)", // SPIFFE-8
        "spiffe://td/a//b     | path \"/a//b\": empty segment (expected: at least one character)", // SPIFFE-8
        "spiffe://td/.        | path \"/.\": segment \".\" (expected: no relative segment)", // SPIFFE-8
        "spiffe://td/a/../b   | path \"/a/../b\": segment \"..\" (expected: no relative segment)", // SPIFFE-8
        "spiffe://td/a/./b    | path \"/a/./b\": segment \".\" (expected: no relative segment)", // SPIFFE-8
        "spiffe://td/%61      | path \"/%61\": percent-encoding (expected: a-z A-Z 0-9 . - _)", // SPIFFE-7
        "spiffe://td/a b      | path \"/a b\": character ' ' (expected: a-z A-Z 0-9 . - _)", // SPIFFE-10
        "spiffe://td/a:b      | path \"/a:b\": character ':' (expected: a-z A-Z 0-9 . - _)", // SPIFFE-10
        "spiffe://td/a\\b     | path \"/a\\b\": character '\\' (expected: a-z A-Z 0-9 . - _)", // SPIFFE-10
        "spiffe://td/ä        | path \"/\\u00e4\": character '\\u00e4' (expected: a-z A-Z 0-9 . -"
            + " _)", // SPIFFE-10
      })
  void parse_malformedPath_refusedByName(String uri, String message) {
    assertThatIllegalArgumentException().isThrownBy(() -> SpiffeId.parse(uri)).withMessage(message);
  }

  // SPIFFE-12
  @Test
  void parse_2048Bytes_accepted() {
    assertThat(SpiffeId.parse(idOf(2048)).toString()).hasSize(2048);
  }

  // SPIFFE-13
  @Test
  void parse_2049Bytes_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpiffeId.parse(idOf(2049)))
        .withMessage("SPIFFE ID: 2049 bytes (expected: at most 2048)");
  }

  // SPIFFE-13: the limit is on the whole ID, however it is put together
  @Test
  void of_2049Bytes_refused() {
    String path = idOf(2049).substring("spiffe://td/".length());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpiffeId.of(TD, path))
        .withMessage("SPIFFE ID: 2049 bytes (expected: at most 2048)");
  }

  @Test
  void of_segments_areJoined() {
    assertThat(SpiffeId.of(TD, "ns", "a", "sa", "b")).hasToString("spiffe://td/ns/a/sa/b");
    assertThat(SpiffeId.of(TD)).isEqualTo(TD.id());
  }

  // A name taken from elsewhere must not reach into another segment.
  @ParameterizedTest
  @ValueSource(strings = {"a/b", "/", "", ".", "..", "a%2fb", "a?b", "a#b"})
  void of_malformedSegment_refused(String segment) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpiffeId.of(TD, "ns", segment))
        .withMessageStartingWith("path \"%s\": ", segment);
  }

  @Test
  void new_pathWithoutSlash_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SpiffeId(TD, "a"))
        .withMessage("path \"a\": no leading '/' (expected: /segment...)");
  }

  @Test
  void parse_longMalformedId_messageIsTruncated() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpiffeId.parse("spiffe://td/" + "a".repeat(2000) + "/"))
        .withMessageContaining("... (2002 characters)")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200));
  }

  @Test
  void memberOf_comparesTheTrustDomain() {
    SpiffeId id = SpiffeId.parse("spiffe://TD/a");
    assertThat(id.memberOf(TD)).isTrue();
    assertThat(id.memberOf(new TrustDomain("td.example"))).isFalse();
  }

  @Test
  void hasPath_onlyForWorkloads() {
    assertThat(SpiffeId.parse("spiffe://td/a").hasPath()).isTrue();
    assertThat(SpiffeId.parse("spiffe://td").hasPath()).isFalse();
  }

  @Test
  void parse_randomCanonicalIds_roundTrip() {
    var random = new Random(1);
    for (int i = 0; i < 2_000; i++) {
      SpiffeId id = randomId(random);
      assertThat(SpiffeId.parse(id.toString())).isEqualTo(id);
    }
  }

  // What is accepted is canonical; what is not is refused in the one way callers expect.
  @Test
  void parse_randomMutations_canonicalOrRefused() {
    var random = new Random(2);
    for (int i = 0; i < 20_000; i++) {
      String mutated = mutate(randomId(random).toString(), random);
      Throwable thrown = catchThrowable(() -> requireCanonical(SpiffeId.parse(mutated)));
      assertThat(thrown == null || thrown.getClass() == IllegalArgumentException.class)
          .as("%s: %s", mutated, thrown)
          .isTrue();
    }
  }

  private static void requireCanonical(SpiffeId id) {
    assertThat(SpiffeId.parse(id.toString())).isEqualTo(id);
    assertThat(id.toString()).matches("spiffe://[a-z0-9._-]+(/[a-zA-Z0-9._-]+)*");
  }

  private static SpiffeId randomId(Random random) {
    String[] segments = new String[random.nextInt(5)];
    for (int i = 0; i < segments.length; i++) {
      segments[i] = "s" + word(random, "abcXYZ019._-");
    }
    return SpiffeId.of(new TrustDomain("t" + word(random, "abc019._-")), segments);
  }

  private static String word(Random random, String alphabet) {
    var word = new StringBuilder();
    for (int length = random.nextInt(12); length > 0; length--) {
      word.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return word.toString();
  }

  private static String mutate(String uri, Random random) {
    var mutated = new StringBuilder(uri);
    for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
      String junk = "/.:@?#%[]\\ A\u0000\u00e4\ud83d\n";
      char c = junk.charAt(random.nextInt(junk.length()));
      int at = random.nextInt(mutated.length());
      switch (random.nextInt(3)) {
        case 0 -> mutated.setCharAt(at, c);
        case 1 -> mutated.insert(at, c);
        default -> mutated.deleteCharAt(at);
      }
    }
    return mutated.toString();
  }

  private static String idOf(int bytes) {
    String start = "spiffe://td/";
    return start + "a".repeat(bytes - start.length());
  }
}

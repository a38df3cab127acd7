package io.signet.ca.authorization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.spiffe.SpiffeId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A pattern names whole segments of one trust domain, and nothing beyond. */
final class CallerPatternTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spiffe://example.org/a",
        "spiffe://example.org/ns/shop/sa/cart",
        "spiffe://example.org/ns/*/sa/cart",
        "spiffe://example.org/*",
        "spiffe://example.org/*/*"
      })
  void parse_wellFormed_bothWays(String text) {
    assertThat(CallerPattern.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "*",
        "own",
        "spiffe://example.org",
        "spiffe://example.org/",
        "spiffe://*/ns/shop/sa/cart",
        "spiffe://*.org/a",
        "spiffe://example.org/ns/shop/sa/c*",
        "spiffe://example.org/ns/**/sa/cart",
        "spiffe://example.org/ns/*/",
        "spiffe://example.org//a",
        "spiffe://example.org/..",
        "spiffe://example.org/a?*",
        "https://example.org/a"
      })
  void parse_malformed_refused(String text) {
    assertThatThrownBy(() -> CallerPattern.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected");
  }

  @ParameterizedTest
  @CsvSource({
    "/ns/shop/sa/cart, /ns/shop/sa/cart, true",
    "/ns/shop/sa/cart, /ns/shop/sa/Cart, false",
    "/ns/*/sa/cart, /ns/shop/sa/cart, true",
    "/ns/*/sa/cart, /ns/*/sa/cart, true",
    "/ns/*/sa/*, /ns/*/sa/cart, true",
    "/ns/*/sa/cart, /ns/*/sa/*, false",
    "/ns/*/sa/cart, /ns/shop/sa/*, false",
    "/ns/shop/sa/cart, /ns/*/sa/cart, false",
    "/ns/*, /ns/shop/sa, false",
    "/*/*, /ns, false",
    "/*, /ns, true"
  })
  void covers_byWholeSegments(String one, String other, boolean covers) {
    CallerPattern pattern = CallerPattern.parse("spiffe://example.org" + one);

    assertThat(pattern.covers(CallerPattern.parse("spiffe://example.org" + other)))
        .isEqualTo(covers);
    assertThat(pattern.covers(CallerPattern.parse("spiffe://example.com" + other))).isFalse();
  }

  // "*" is no character of an ID, so nobody can be called so.
  @ParameterizedTest
  @CsvSource({"/ns/shop/sa/cart, true", "/ns/shop/sa/bank, false", "/ns/shop/sa/cart/x, false"})
  void covers_anId_ifItIsOfTheForm(String path, boolean covers) {
    CallerPattern pattern = CallerPattern.parse("spiffe://example.org/ns/*/sa/cart");

    assertThat(pattern.covers(CallerPattern.of(SpiffeId.parse("spiffe://example.org" + path))))
        .isEqualTo(covers);
  }
}

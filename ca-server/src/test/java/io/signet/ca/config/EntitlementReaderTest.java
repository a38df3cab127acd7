package io.signet.ca.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.authorization.Rule;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rules that do not say what they seem to say are refused, each with its place. */
class EntitlementReaderTest {

  private static final String WITHOUT_RULES =
      """
      trust-domain: example.org
      serving-names: [Signet.example.org, 10.0.0.1]
      keys:
        custodian: file
        file: { path: keys, passphrase: "env:SIGNET_PASSPHRASE" }
      svid: { default-lifetime: 1h, max-lifetime: 12h }
      attestation:
        unix: [ { uid: 1, id: "spiffe://example.org/a" } ]
      entitlements:
      """;

  private static final String CALLER =
      "(expected: a SPIFFE ID with a path, in the trust domain, * for any one segment of it)";
  private static final String HOLD =
      "(expected: a list of own and SPIFFE IDs with a path, in the trust domain, each once)";
  private static final String KINDS =
      "(expected: a list of ec, ec-p256, ec-p384, rsa, rsa-2048, rsa-3072 and rsa-4096, no kind"
          + " twice)";
  private static final String DNS =
      "(expected: a list of DNS names in lower case, each once, at most 16)";

  // The rule after "- caller: spiffe://example.org/a".
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          may-hold: own | line 11: entitlements[0].may-hold: one value (expected: a list)
          may-hold: [me] | line 11: entitlements[0].may-hold: me @HOLD
          may-hold: [own, own] | line 11: entitlements[0].may-hold: own @HOLD
          may-hold: [spiffe://example.org] | line 11: entitlements[0].may-hold: spiffe://example.org @HOLD
          may-hold: [spiffe://example.com/b] | line 11: entitlements[0].may-hold: spiffe://example.com/b @HOLD
          may-hold: ["spiffe://example.org/*"] | line 11: entitlements[0].may-hold: spiffe://example.org/* @HOLD
          may-hold: [spiffe://example.org/b, SPIFFE://example.org/b] | line 11: entitlements[0].may-hold: SPIFFE://example.org/b @HOLD
          max-lifetime: 9s | line 11: entitlements[0].max-lifetime: 9s (expected: a duration from 10s to 365d)
          max-lifetime: long | line 11: entitlements[0].max-lifetime: long (expected: a duration from 10s to 365d)
          max-lifetime: 13h | line 11: entitlements[0].max-lifetime: 13h (expected: at most svid.max-lifetime, which is 12h)
          keys: [] | line 11: entitlements[0].keys: none (expected: at least one kind of key)
          keys: [ec-p521] | line 11: entitlements[0].keys: ec-p521 @KINDS
          keys: [EC] | line 11: entitlements[0].keys: EC @KINDS
          keys: [ec-p256, ec-p256] | line 11: entitlements[0].keys: ec-p256 @KINDS
          keys: [rsa, rsa-2048] | line 11: entitlements[0].keys: rsa-2048 @KINDS
          keys: [rsa-2048, rsa] | line 11: entitlements[0].keys: rsa @KINDS
          dns-names: [a_b] | line 11: entitlements[0].dns-names: a_b @DNS
          dns-names: ["*.example.org"] | line 11: entitlements[0].dns-names: *.example.org @DNS
          dns-names: [A.example.org] | line 11: entitlements[0].dns-names: A.example.org @DNS
          dns-names: [10.0.0.2] | line 11: entitlements[0].dns-names: 10.0.0.2 @DNS
          dns-names: ["::1"] | line 11: entitlements[0].dns-names: ::1 @DNS
          dns-names: [a, a] | line 11: entitlements[0].dns-names: a @DNS
          dns-names: [{ a: b }] | line 11: entitlements[0].dns-names: keys and values @DNS
          dns-names: [signet.example.org] | line 11: entitlements[0].dns-names: signet.example.org (expected: none of serving-names: who holds one can pass for this server)
          may-hold: []\\n  max-lifetime: 1h | line 12: entitlements[0].max-lifetime: terms for callers that may hold nothing (expected: the key left out)
          may-hold: []\\n  keys: [ec] | line 12: entitlements[0].keys: terms for callers that may hold nothing (expected: the key left out)
          may-hold: []\\n  dns-names: [a] | line 12: entitlements[0].dns-names: terms for callers that may hold nothing (expected: the key left out)
          issuing-authority: true | line 11: entitlements[0].issuing-authority: true (expected: on or off)
          may-hod: [own] | line 11: entitlements[0].may-hod: unknown key (expected: may-hold)
          """)
  void read_wrongTerm_refused(String term, String problem) {
    assertProblem("- caller: spiffe://example.org/a\n  " + term, problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          - may-hold: [own] | line 10: entitlements[0].caller: missing @CALLER
          - caller: own | line 10: entitlements[0].caller: own @CALLER
          - caller: spiffe://example.org | line 10: entitlements[0].caller: spiffe://example.org @CALLER
          - caller: spiffe://example.com/a | line 10: entitlements[0].caller: spiffe://example.com/a @CALLER
          - caller: spiffe://*/a | line 10: entitlements[0].caller: spiffe://*/a @CALLER
          - caller: spiffe://example.org/a* | line 10: entitlements[0].caller: spiffe://example.org/a* @CALLER
          - caller: spiffe://example.org/a\\n- caller: spiffe://example.org/a | line 11: entitlements[1].caller: spiffe://example.org/a (expected: none for whom an earlier rule decides, as entitlements[0] does)
          - caller: spiffe://example.org/*\\n- caller: spiffe://example.org/a | line 11: entitlements[1].caller: spiffe://example.org/a (expected: none for whom an earlier rule decides, as entitlements[0] does)
          - caller: spiffe://example.org/b\\n- caller: spiffe://example.org/*/*\\n- caller: spiffe://example.org/*/a | line 12: entitlements[2].caller: spiffe://example.org/*/a (expected: none for whom an earlier rule decides, as entitlements[1] does)
          ~  caller: spiffe://example.org/a~ | line 9: entitlements: keys and values (expected: a list)
          """)
  void read_wrongCaller_refused(String rules, String problem) {
    assertProblem(rules, problem);
  }

  // A rule with a problem keeps its place: what comes after it is numbered as in the file.
  @Test
  void read_manyProblems_toldTogetherInOrder() {
    assertThatThrownBy(() ->
            rules(
                """
                - caller: nobody
                  keys: [dsa]
                  dns-names: [a b]
                - caller: spiffe://example.org/ns/*/sa/a
                  max-lifetime: 2d
                - caller: spiffe://example.org/ns/b/sa/a
                  may-hold: [spiffe://example.com/x]
                """))
        .hasMessage(
            """
            line 10: entitlements[0].caller: nobody @CALLER
            line 11: entitlements[0].keys: dsa @KINDS
            line 12: entitlements[0].dns-names: a b @DNS
            line 14: entitlements[1].max-lifetime: 2d (expected: at most svid.max-lifetime, which is 12h)
            line 15: entitlements[2].caller: spiffe://example.org/ns/b/sa/a (expected: none for whom an earlier rule decides, as entitlements[1] does)
            line 16: entitlements[2].may-hold: spiffe://example.com/x @HOLD\
            """
                .replace("@CALLER", CALLER)
                .replace("@KINDS", KINDS)
                .replace("@DNS", DNS)
                .replace("@HOLD", HOLD));
  }

  // Where other sections are wrong, rules bring no problem of their own.
  @Test
  void read_otherSectionsWrong_noFurtherProblem() {
    String text =
        WITHOUT_RULES.replace("example.org\n", "Exa mple\n").replace("12h", "1 day")
            + "- caller: spiffe://example.org/a\n  max-lifetime: 30d\n";

    assertThatThrownBy(() -> SignetConfig.parse(text, Path.of("/")))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.problems())
                    .extracting(Problem::key)
                    .containsExactly("trust-domain", "svid.max-lifetime"));
  }

  @Test
  void read_tooManyNames_refused() throws Exception {
    String one = "- caller: spiffe://example.org/a\n  dns-names: [";
    String sixteen =
        IntStream.range(0, 16).mapToObj(i -> "n" + i).collect(Collectors.joining(", "));

    assertThat(rules(one + sixteen + "]").getFirst().entitlement().hosts()).hasSize(16);
    assertProblem(one + sixteen + ", n16]", "entitlements[0].dns-names: 17 names @DNS");
  }

  // Which of two forms that overlap decides is said by their order, so both orders are good.
  @Test
  void read_formsThatOverlap_accepted() throws Exception {
    String one = "- caller: spiffe://example.org/ns/*/sa/a\n";
    String other = "- caller: spiffe://example.org/ns/b/sa/*\n";

    assertThat(rules(one + other)).hasSize(2);
    assertThat(rules(other + one)).extracting(Rule::position).containsExactly(0, 1);
    assertThat(rules("- caller: spiffe://example.org/ns/b/sa/a\n" + one + other)).hasSize(3);
  }

  @Test
  void read_issuingAuthority_offUnlessItSaysOn() throws Exception {
    String rules =
        """
        - caller: spiffe://example.org/a
        - caller: spiffe://example.org/b
          issuing-authority: off
        - caller: spiffe://example.org/c
          may-hold: []
          issuing-authority: on
        """;

    assertThat(rules(rules))
        .extracting(rule -> rule.entitlement().authority())
        .containsExactly(false, false, true);
  }

  // Nothing could sign it.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          keys:\\n | keys:\\n  issuing: root\\n
          svid: | authority: { root: signet, roots-file: r, signet: { address: "a:1", token-file: t } }\\nsvid:
          """)
  void read_issuingAuthorityWhereNoCaHereSignsAny_refused(String what, String other) {
    String text = WITHOUT_RULES.replace(newlines(what), newlines(other));

    assertThatThrownBy(() ->
            SignetConfig.parse(
                text + "- caller: spiffe://example.org/a\n  issuing-authority: on\n", Path.of("/")))
        .hasMessageContaining(
            "entitlements[0].issuing-authority: on (expected: off, or authority.root: own or"
                + " imported with keys.issuing: memory or custodian)");
  }

  private static String newlines(String text) {
    return text.replace("\\n", "\n");
  }

  @Test
  void read_none_ownIdentityOnly() throws Exception {
    assertThat(rules("[]")).isEmpty();
  }

  private static void assertProblem(String rules, String problem) {
    assertThatThrownBy(() -> rules(rules.replace("\\n", "\n")))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.problems())
                    .singleElement()
                    .asString()
                    .endsWith(
                        problem
                            .replace("@CALLER", CALLER)
                            .replace("@HOLD", HOLD)
                            .replace("@KINDS", KINDS)
                            .replace("@DNS", DNS)));
  }

  private static List<Rule> rules(String rules) throws ConfigException {
    String text =
        rules.equals("[]")
            ? WITHOUT_RULES.replace("entitlements:", "entitlements: []")
            : WITHOUT_RULES + rules;
    return SignetConfig.parse(text, Path.of("/")).rules();
  }
}

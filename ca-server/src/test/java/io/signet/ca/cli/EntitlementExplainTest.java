package io.signet.ca.cli;

import static io.signet.ca.cli.Ran.signet;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the command says of a decision; the decisions themselves are those of the server. */
class EntitlementExplainTest {
  private static final String GATEWAY = "spiffe://example.org/ns/istio-system/sa/gateway";
  private static final String FRONT = "spiffe://example.org/ns/edge/sa/front";
  private static final String CART = "spiffe://example.org/ns/shop/sa/cart";

  @TempDir Path folder;

  // None of the files that it names is there.
  @BeforeEach
  void writeConfiguration() throws Exception {
    Files.writeString(
        folder.resolve("config.yaml"),
        """
        trust-domain: example.org
        serving-names: [localhost]
        keys:
          custodian: pkcs11
          pkcs11: { library: none.so, token: signet, pin-file: none }
        attestation:
          unix: [ { uid: 1, id: "spiffe://example.org/a" } ]
        svid: { default-lifetime: 1h, max-lifetime: 12h }
        entitlements:
        - caller: spiffe://example.org/ns/istio-system/sa/gateway
          may-hold: [own, spiffe://example.org/ns/edge/sa/front]
          max-lifetime: 90m
          keys: [ec-p256, rsa-2048]
          dns-names: [front.example.org]
        - caller: spiffe://example.org/ns/quarantine/sa/*
          may-hold: []
        """);
  }

  @Test
  void explain_grantedByARule_tableWithTheRule() {
    assertThat(explain("--caller", GATEWAY, "--identity", FRONT, "--lifetime", "2h"))
        .isEqualTo(
            new Ran(
                0,
                """
                decision   granted
                caller     spiffe://example.org/ns/istio-system/sa/gateway
                identity   spiffe://example.org/ns/edge/sa/front
                lifetime   1h30m
                keys       [ec-p256, rsa-2048]
                dns-names  [front.example.org]
                because    entitlements[0] (caller spiffe://example.org/ns/istio-system/sa/gateway) lets spiffe://example.org/ns/istio-system/sa/gateway hold spiffe://example.org/ns/edge/sa/front
                rule       entitlements[0]
                           caller: spiffe://example.org/ns/istio-system/sa/gateway
                           may-hold: [own, spiffe://example.org/ns/edge/sa/front]
                           max-lifetime: 1h30m
                           keys: [ec-p256, rsa-2048]
                           dns-names: [front.example.org]
                           issuing-authority: off
                """,
                ""));
  }

  @Test
  void explain_grantedByDefault_tableWithoutARule() {
    assertThat(explain("--caller", CART, "--key-type", "rsa-4096", "--lifetime", "20h"))
        .isEqualTo(
            new Ran(
                0,
                """
                decision   granted
                caller     spiffe://example.org/ns/shop/sa/cart
                identity   spiffe://example.org/ns/shop/sa/cart
                lifetime   12h
                keys       [ec, rsa]
                dns-names  []
                because    no rule is for spiffe://example.org/ns/shop/sa/cart, so it may hold its own identity
                rule       none, so own identity only
                """,
                ""));
  }

  @Test
  void explain_denied_reasonAndRule() {
    String caller = "spiffe://example.org/ns/quarantine/sa/x";

    assertThat(explain("--caller", caller))
        .isEqualTo(
            new Ran(
                1,
                """
                decision  denied
                caller    spiffe://example.org/ns/quarantine/sa/x
                identity  spiffe://example.org/ns/quarantine/sa/x
                because   entitlements[1] (caller spiffe://example.org/ns/quarantine/sa/*): spiffe://example.org/ns/quarantine/sa/x asked for its own identity (expected: nothing, it may hold none)
                rule      entitlements[1]
                          caller: spiffe://example.org/ns/quarantine/sa/*
                          may-hold: []
                          max-lifetime: 12h
                          keys: [ec, rsa]
                          dns-names: []
                          issuing-authority: off
                """,
                ""));
  }

  @ParameterizedTest
  @CsvSource({
    "spiffe://example.org/ns/shop/sa/cart --identity spiffe://example.org/ns/edge/sa/front, no rule",
    "spiffe://example.org/ns/istio-system/sa/gateway --key-type ec-p384, key of kind ec-p384",
    "spiffe://example.com/ns/shop/sa/cart, expected: an ID with a path in spiffe://example.org",
    "spiffe://example.org, expected: an ID with a path in spiffe://example.org"
  })
  void explain_mayNotHave_exitsWith1(String caller, String because) {
    Ran ran = explain(("--caller " + caller).split(" "));

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.out()).startsWith("decision  denied\n").contains(because);
  }

  @Test
  void explain_json_sameForMachines() throws Exception {
    Ran granted = explain("--caller", GATEWAY, "--output", "json");
    Ran denied = explain("--caller", CART, "--identity", FRONT, "--output", "json");

    assertThat(granted.exit()).isZero();
    assertThat(new ObjectMapper().readTree(granted.out()))
        .isEqualTo(
            new ObjectMapper()
                .readTree(
                    """
                    { "decision": "granted", "caller": "@G", "identity": "@G", "lifetime": "1h",
                      "keys": ["ec-p256", "rsa-2048"], "dns-names": ["front.example.org"],
                      "reason": "entitlements[0] (caller @G) lets @G hold its own identity",
                      "rule": { "position": "entitlements[0]", "caller": "@G",
                        "may-hold": ["own", "spiffe://example.org/ns/edge/sa/front"],
                        "max-lifetime": "1h30m", "keys": ["ec-p256", "rsa-2048"],
                        "dns-names": ["front.example.org"], "issuing-authority": "off" } }
                    """
                        .replace("@G", GATEWAY)));
    assertThat(denied.exit()).isEqualTo(1);
    assertThat(new ObjectMapper().readTree(denied.out()).fieldNames())
        .toIterable()
        .containsExactly("decision", "caller", "identity", "reason");
  }

  // As all commands for a dev server do.
  @Test
  void explain_dir_configurationOfTheDevServer() {
    Ran ran = signet("entitlement", "explain", "--dir", folder.toString(), "--caller", GATEWAY);

    assertThat(ran).isEqualTo(explain("--caller", GATEWAY));
  }

  @Test
  void explain_wrongConfiguration_itsProblems() throws Exception {
    Files.writeString(folder.resolve("config.yaml"), "trust-domain: Exa mple\n");

    Ran ran = explain("--caller", GATEWAY);

    assertThat(ran.exit()).isEqualTo(1);
    assertThat(ran.err()).contains("trust-domain: Exa mple (expected: a trust domain name");
  }

  @Test
  void explain_noConfiguration_named() throws Exception {
    Files.delete(folder.resolve("config.yaml"));

    assertThat(explain("--caller", GATEWAY))
        .isEqualTo(new Ran(1, "", "signet: " + folder + "/config.yaml: no such file\n"));
  }

  @ParameterizedTest
  @CsvSource({
    "--identity spiffe://example.org/a, --caller",
    "--caller cart, SPIFFE ID \"cart\"",
    "--caller spiffe://example.org/a --key-type dsa, 'key type dsa (expected: one of [ec-p256,'",
    "--caller spiffe://example.org/a --dir x, mutually exclusive"
  })
  void explain_wrongUsage_exitsWith2(String options, String message) {
    Ran ran = explain(options.split(" "));

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains(message);
  }

  private Ran explain(String... options) {
    List<String> all = new ArrayList<>(List.of("entitlement", "explain", "--config"));
    all.add(folder.resolve("config.yaml").toString());
    all.addAll(List.of(options));
    return signet(all.toArray(String[]::new));
  }
}

package io.signet.ca.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.ca.config.AttestationConfig.UnixCaller;
import io.signet.ca.config.SdsNames.BundleForm;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** NAME-7 and SET-5: listeners with rules and names of their own; who is believed beside us. */
class SdsReaderTest {
  private static final String BASE =
      """
      trust-domain: example.org
      listen: { sds-socket: sds.sock }
      serving-names: [localhost]
      keys: { custodian: file, file: { path: keys, passphrase: "env:SIGNET_PASSPHRASE" } }
      attestation: { unix: [ { uid: 1000, id: "spiffe://example.org/user/jo" } ] }
      """;
  private static final List<UnixCaller> JO =
      List.of(new UnixCaller(1000, SpiffeId.parse("spiffe://example.org/user/jo")));
  private static final SdsNames STANDARD =
      new SdsNames("default", "ROOTCA", "ALL", BundleForm.TRUSTED_CA);

  @TempDir Path folder;

  @Test
  void load_nothingSaid_defaults() throws Exception {
    SignetConfig config = parse("");

    assertThat(config.sds())
        .isEqualTo(new SdsConfig(STANDARD, Duration.ofMinutes(5), List.of(), List.of()));
    assertThat(config.federation()).isEmpty();
  }

  @Test
  void load_everyKey_mapped() throws Exception {
    SignetConfig config =
        parse(
            """
            sds:
              names:
                default-svid: me
                own-bundle: mine
                all-bundles: everyone
                bundle-form: spiffe-validator
              recheck: 10s
            sockets:
            - path: run/a.sock
              mode: 0660
              group: envoy
              unix:
              - { uid: 1, id: "spiffe://example.org/a" }
              - { uid: 1000, id: "spiffe://example.org/b" }
              names: { default-svid: you, own-bundle: all, all-bundles: all, bundle-form: trusted-ca }
            - { path: /b.sock }
            federation:
            - { trust-domain: other.org, bundle-file: other.pem }
            - { trust-domain: third.org, bundle-file: /third.pem }
            secure-naming:
            - hosts: [payments.shop.svc, payments]
              ids: ["spiffe://example.org/ns/shop/sa/payments", "spiffe://other.org/pay"]
            """);

    var names = new SdsNames("me", "mine", "everyone", BundleForm.SPIFFE_VALIDATOR);
    assertThat(config.sds())
        .isEqualTo(
            new SdsConfig(
                names,
                Duration.ofSeconds(10),
                List.of(
                    new SocketConfig(
                        folder.resolve("run/a.sock"),
                        mode("rw-rw----"),
                        Optional.of("envoy"),
                        List.of(
                            new UnixCaller(1, SpiffeId.parse("spiffe://example.org/a")),
                            new UnixCaller(1000, SpiffeId.parse("spiffe://example.org/b"))),
                        new SdsNames("you", "all", "all", BundleForm.TRUSTED_CA)),
                    new SocketConfig(
                        Path.of("/b.sock"), mode("rw-rw-rw-"), Optional.empty(), JO, names)),
                List.of(
                    new SecureName(
                        List.of("payments.shop.svc", "payments"),
                        List.of(
                            SpiffeId.parse("spiffe://example.org/ns/shop/sa/payments"),
                            SpiffeId.parse("spiffe://other.org/pay"))))));
    assertThat(config.federation())
        .containsExactly(
            new FederatedBundle(new TrustDomain("other.org"), folder.resolve("other.pem")),
            new FederatedBundle(new TrustDomain("third.org"), Path.of("/third.pem")));
  }

  // NAME-7: one by one.
  @Test
  void load_socketsNames_overrideThoseOfSds() throws Exception {
    SignetConfig config =
        parse(
            """
            sds: { names: { default-svid: me, bundle-form: spiffe-validator } }
            sockets: [ { path: a, names: { own-bundle: mine } } ]
            """);

    assertThat(config.sds().sockets().getFirst().names())
        .isEqualTo(new SdsNames("me", "mine", "ALL", BundleForm.SPIFFE_VALIDATOR));
  }

  // Nobody by user id, which is not the same as what holds elsewhere.
  @Test
  void load_socketsUnixEmpty_nobody() throws Exception {
    assertThat(parse("sockets: [ { path: a, unix: [] } ]").sds().sockets().getFirst().unix())
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"0660,rw-rw----", "660,rw-rw----", "0222,-w--w--w-", "0777,rwxrwxrwx"})
  void load_mode_bits(String text, String mode) throws Exception {
    SignetConfig config = parse("sockets: [ { path: a, mode: \"" + text + "\" } ]");

    assertThat(config.sds().sockets().getFirst().mode()).isEqualTo(mode(mode));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          sds: { names: { default-svid: "*" } } | line 6: sds.names.default-svid: * (expected: a name, not * nor one that begins with spiffe://, naming://, file-cert: or file-root:)
          sds: { names: { default-svid: "" } } | line 6: sds.names.default-svid: empty (expected: a name, not * nor one that begins with spiffe://, naming://, file-cert: or file-root:)
          sds: { names: { own-bundle: "spiffe://example.org" } } | line 6: sds.names.own-bundle: spiffe://example.org (expected: a name, not * nor one that begins with spiffe://, naming://, file-cert: or file-root:)
          sds: { names: { all-bundles: "naming://a" } } | line 6: sds.names.all-bundles: naming://a (expected: a name, not * nor one that begins with spiffe://, naming://, file-cert: or file-root:)
          sds: { names: { all-bundles: "file-root:a" } } | line 6: sds.names.all-bundles: file-root:a (expected: a name, not * nor one that begins with spiffe://, naming://, file-cert: or file-root:)
          sds: { names: { default-svid: "file-cert:a" } } | line 6: sds.names.default-svid: file-cert:a (expected: a name, not * nor one that begins with spiffe://, naming://, file-cert: or file-root:)
          sds: { names: { default-svid: ALL } } | line 6: sds.names.default-svid: ALL (expected: default-svid other than own-bundle and all-bundles)
          sds: { names: { own-bundle: default } } | line 6: sds.names.own-bundle: default (expected: default-svid other than own-bundle and all-bundles)
          sds: { names: { own-bundle: x, all-bundles: default } } | line 6: sds.names.all-bundles: default (expected: default-svid other than own-bundle and all-bundles)
          sds: { names: { bundle-form: pem } } | line 6: sds.names.bundle-form: pem (expected: trusted-ca or spiffe-validator)
          sds: { names: { default: x } } | line 6: sds.names.default: unknown key (expected: one of default-svid, own-bundle, all-bundles, bundle-form)
          sds: { names: ALL } | line 6: sds.names: one value (expected: keys and values)
          sds: { recheck: 9s } | line 6: sds.recheck: 9s (expected: a duration from 10s to 1d)
          sds: { recheck: never } | line 6: sds.recheck: never (expected: a duration from 10s to 1d)
          sockets: [ {} ] | line 6: sockets[0].path: missing (expected: a path of at most 107 bytes, each socket another)
          sockets: a.sock | line 6: sockets: one value (expected: a list)
          sockets: [ { path: sds.sock } ] | line 6: sockets[0].path: FOLDER/sds.sock (expected: a path of at most 107 bytes, each socket another)
          sockets: [ { path: a }, { path: x/../a } ] | line 6: sockets[1].path: FOLDER/a (expected: a path of at most 107 bytes, each socket another)
          sockets: [ { path: a, mode: 0440 } ] | line 6: sockets[0].mode: 0440 (expected: an octal mode such as 0660, writable for someone)
          sockets: [ { path: a, mode: 0686 } ] | line 6: sockets[0].mode: 0686 (expected: an octal mode such as 0660, writable for someone)
          sockets: [ { path: a, mode: 4755 } ] | line 6: sockets[0].mode: 4755 (expected: an octal mode such as 0660, writable for someone)
          sockets: [ { path: a, mode: rw-rw---- } ] | line 6: sockets[0].mode: rw-rw---- (expected: an octal mode such as 0660, writable for someone)
          sockets: [ { path: a, group: "a b" } ] | line 6: sockets[0].group: a b (expected: the name of a group of this machine)
          sockets: [ { path: a, unix: [ { uid: -1, id: "spiffe://example.org/a" } ] } ] | line 6: sockets[0].unix[0].uid: -1 (expected: a user id from 0 to 4294967294, each once)
          sockets: [ { path: a, unix: [ { uid: 1, id: "spiffe://other.org/a" } ] } ] | line 6: sockets[0].unix[0].id: spiffe://other.org/a (expected: a SPIFFE ID with a path, in the trust domain)
          sockets: [ { path: a, unix: [ { uid: 1, id: "spiffe://example.org/a" }, { uid: 1, id: "spiffe://example.org/b" } ] } ] | line 6: sockets[0].unix[1].uid: 1 (expected: a user id from 0 to 4294967294, each once)
          sockets: [ { path: a, names: { default-svid: ROOTCA } } ] | line 6: sockets[0].names.default-svid: ROOTCA (expected: default-svid other than own-bundle and all-bundles)
          sockets: [ { path: a, names: { all-bundles: default } } ] | line 6: sockets[0].names.all-bundles: default (expected: default-svid other than own-bundle and all-bundles)
          sockets: [ { path: a, names: { own-bundle: "*" } } ] | line 6: sockets[0].names.own-bundle: * (expected: a name, not * nor one that begins with spiffe://, naming://, file-cert: or file-root:)
          sockets: [ { path: a, port: 1 } ] | line 6: sockets[0].port: unknown key (expected: one of path, mode, group, unix, names)
          federation: [ { trust-domain: example.org, bundle-file: b } ] | line 6: federation[0].trust-domain: example.org (expected: the name of a trust domain other than ours, each once)
          federation: [ { trust-domain: a b, bundle-file: b } ] | line 6: federation[0].trust-domain: a b (expected: the name of a trust domain other than ours, each once)
          federation: [ { trust-domain: a, bundle-file: b }, { trust-domain: a, bundle-file: c } ] | line 6: federation[1].trust-domain: a (expected: the name of a trust domain other than ours, each once)
          federation: [ { trust-domain: a } ] | line 6: federation[0].bundle-file: missing (expected: a readable file)
          federation: [ { bundle-file: b } ] | line 6: federation[0].trust-domain: missing (expected: the name of a trust domain other than ours, each once)
          secure-naming: [ { ids: ["spiffe://example.org/a"] } ] | line 6: secure-naming[0].hosts: missing (expected: a list of DNS names in lower case, at least one, each once in all)
          secure-naming: [ { hosts: [], ids: ["spiffe://example.org/a"] } ] | line 6: secure-naming[0].hosts: none (expected: a list of DNS names in lower case, at least one, each once in all)
          secure-naming: [ { hosts: [A], ids: ["spiffe://example.org/a"] } ] | line 6: secure-naming[0].hosts: A (expected: a list of DNS names in lower case, at least one, each once in all)
          secure-naming: [ { hosts: ["*.a"], ids: ["spiffe://example.org/a"] } ] | line 6: secure-naming[0].hosts: *.a (expected: a list of DNS names in lower case, at least one, each once in all)
          secure-naming: [ { hosts: [10.0.0.1], ids: ["spiffe://example.org/a"] } ] | line 6: secure-naming[0].hosts: 10.0.0.1 (expected: a list of DNS names in lower case, at least one, each once in all)
          secure-naming: [ { hosts: [a], ids: ["spiffe://example.org/a"] }, { hosts: [b, a], ids: ["spiffe://example.org/b"] } ] | line 6: secure-naming[1].hosts: a (expected: a list of DNS names in lower case, at least one, each once in all)
          secure-naming: [ { hosts: [a] } ] | line 6: secure-naming[0].ids: missing (expected: a list of SPIFFE IDs with a path, in our or a federated trust domain, at least one, each once)
          secure-naming: [ { hosts: [a], ids: [] } ] | line 6: secure-naming[0].ids: none (expected: a list of SPIFFE IDs with a path, in our or a federated trust domain, at least one, each once)
          secure-naming: [ { hosts: [a], ids: ["spiffe://example.org"] } ] | line 6: secure-naming[0].ids: spiffe://example.org (expected: a list of SPIFFE IDs with a path, in our or a federated trust domain, at least one, each once)
          secure-naming: [ { hosts: [a], ids: ["spiffe://other.org/a"] } ] | line 6: secure-naming[0].ids: spiffe://other.org/a (expected: a list of SPIFFE IDs with a path, in our or a federated trust domain, at least one, each once)
          secure-naming: [ { hosts: [a], ids: ["spiffe://example.org/a", "spiffe://example.org/a"] } ] | line 6: secure-naming[0].ids: spiffe://example.org/a (expected: a list of SPIFFE IDs with a path, in our or a federated trust domain, at least one, each once)
          """)
  void load_violation_oneProblem(String section, String problem) {
    assertThatThrownBy(() -> parse(section))
        .isInstanceOf(ConfigException.class)
        .hasMessage(problem.replace("FOLDER", folder.toString()));
  }

  @Test
  void load_pathOfSocketTooLong_refused() {
    String socket = "/" + "x".repeat(107);

    assertThatThrownBy(() -> parse("sockets: [ { path: " + socket + " } ]"))
        .hasMessage(
            "line 6: sockets[0].path: %s"
                + " (expected: a path of at most 107 bytes, each socket another)",
            socket);
  }

  // What is wrong with the trust domain is told, and not again of each of its identities.
  @Test
  void load_federationMalformed_itsIdentitiesNoSecondProblem() {
    assertThatThrownBy(() ->
            parse(
                """
                federation: [ { trust-domain: a b, bundle-file: b } ]
                secure-naming: [ { hosts: [a], ids: ["spiffe://ab/a"] } ]
                """))
        .hasMessageMatching("line 6: federation\\[0]\\.trust-domain: a b \\(expected: .*\\)");
  }

  @Test
  void load_bundleFileMissing_refused() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("signet.yaml"),
            BASE + "federation: [ { trust-domain: other.org, bundle-file: other.pem } ]");

    assertThatThrownBy(() -> SignetConfig.load(file))
        .hasMessage(
            "line 6: federation[0].bundle-file: %s, no such file (expected: a readable file)",
            folder.resolve("other.pem"));
  }

  private static Set<PosixFilePermission> mode(String text) {
    return PosixFilePermissions.fromString(text);
  }

  private SignetConfig parse(String more) throws ConfigException {
    return SignetConfig.parse(BASE + more, folder);
  }
}

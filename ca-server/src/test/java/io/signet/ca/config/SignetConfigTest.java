package io.signet.ca.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.attestation.ServiceAccountName;
import io.signet.ca.authorization.CallerPattern;
import io.signet.ca.authorization.Entitlement;
import io.signet.ca.authorization.KeyType;
import io.signet.ca.authorization.Rule;
import io.signet.ca.config.AttestationConfig.Jwks;
import io.signet.ca.config.AttestationConfig.JwtIssuer;
import io.signet.ca.config.AttestationConfig.KubernetesCluster;
import io.signet.ca.config.AttestationConfig.Review;
import io.signet.ca.config.AttestationConfig.UnixCaller;
import io.signet.ca.config.KeysConfig.FileCustodian;
import io.signet.ca.config.KeysConfig.FileEncryption.ByKeyFile;
import io.signet.ca.config.KeysConfig.FileEncryption.ByPassphrase;
import io.signet.ca.config.KeysConfig.Issuing;
import io.signet.ca.config.KeysConfig.Pkcs11Custodian;
import io.signet.ca.config.KeysConfig.VaultCustodian;
import io.signet.ca.config.KeysConfig.VaultEngine;
import io.signet.ca.config.KeysConfig.VaultLogin;
import io.signet.ca.config.LimitsConfig.Rate;
import io.signet.ca.config.SdsNames.BundleForm;
import io.signet.ca.config.SecretPlace.InEnvironment;
import io.signet.ca.config.SecretPlace.InFile;
import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignetConfigTest {
  private static final String SMALLEST =
      """
      trust-domain: example.org
      serving-names: [localhost]
      keys:
        custodian: file
        file: { path: keys, passphrase: "env:SIGNET_PASSPHRASE" }
      attestation:
        unix:
        - { uid: 1000, id: "spiffe://example.org/user/jo" }
      """;

  private static final SdsConfig STANDARD_SDS =
      new SdsConfig(
          new SdsNames("default", "ROOTCA", "ALL", BundleForm.TRUSTED_CA),
          Duration.ofMinutes(5),
          List.of(),
          List.of());

  @TempDir Path folder;

  @Test
  void load_smallest_hasDefaults() throws Exception {
    SignetConfig config = parse(SMALLEST);

    assertThat(config)
        .isEqualTo(
            new SignetConfig(
                new TrustDomain("example.org"),
                new ListenConfig(
                    new Address("0.0.0.0", 8443),
                    Optional.empty(),
                    Optional.empty(),
                    new Address("127.0.0.1", 8080),
                    Optional.empty()),
                List.of("localhost"),
                new KeysConfig(
                    new FileCustodian(
                        folder.resolve("keys"),
                        new ByPassphrase(new InEnvironment("SIGNET_PASSPHRASE"))),
                    KeyAlgorithm.EC_P256,
                    Issuing.MEMORY),
                new AuthorityConfig(
                    new AuthorityConfig.Root.Own(), Duration.ofDays(365), Duration.ofDays(7)),
                new RotationConfig(
                    false,
                    Optional.of(Duration.ofDays(365).dividedBy(3)),
                    Duration.ofDays(1),
                    Duration.ofMinutes(10),
                    Duration.ofMinutes(10),
                    true),
                new SvidConfig(Duration.ofHours(1), Duration.ofHours(24)),
                new AttestationConfig(
                    List.of(),
                    List.of(new UnixCaller(1000, SpiffeId.parse("spiffe://example.org/user/jo"))),
                    List.of(),
                    true),
                List.of(),
                STANDARD_SDS,
                List.of(),
                new SinksConfig(Optional.empty()),
                new AdminConfig(Optional.empty(), List.of()),
                new LimitsConfig(
                    Optional.of(new Rate(10, 100)),
                    Optional.of(new Rate(500, 5000)),
                    OptionalInt.of(32)),
                new LedgerConfig(Duration.ofDays(7)),
                Optional.empty(),
                Path.of("/var/lib/signet")));
  }

  @Test
  void load_everyKey_mapped() throws Exception {
    SignetConfig config =
        parse(
            """
            trust-domain: example.org
            listen:
              workload: "[::1]:0"
              sds-rest: "[::1]:8445"
              sds-socket: run/sds.sock
              operator: localhost:9090
              admin: "[::1]:9443"
            serving-names: [signet.signet-system.svc, 10.0.0.1, "::1"]
            keys:
              custodian: pkcs11
              pkcs11: { library: /usr/lib/p11.so, token: signet, serial: 08ab, pin-file: pin }
              algorithm: rsa-3072
              issuing: custodian
            authority: { root-lifetime: 3650d, issuing-lifetime: 1d12h }
            svid: { default-lifetime: 10s, max-lifetime: 1h30m }
            attestation:
              kubernetes:
              - cluster: main
                aliases: [east, west]
                trusted-node-accounts: [istio-system/ztunnel, a/b.c]
                kubeconfig: /etc/signet/kubeconfig
                audience: signet
                review: local
                review-rate: 500/s
              - { cluster: south, kubeconfig: south.kubeconfig, review-rate: off }
              - {}
              unix:
              - { uid: 0, id: "spiffe://example.org/a" }
              - { uid: 4294967294, id: "spiffe://example.org/b" }
              jwt:
              - { issuer: "https://issuer", audience: signet, jwks-file: jwks.json }
              - { issuer: b, jwks-url: "https://issuer/keys?a=b", ca-file: ca.pem }
              - { issuer: "http://127.0.0.1:80/c", ca-file: ca.pem }
              client-certificate: off
            entitlements:
            - caller: spiffe://example.org/ns/istio-system/sa/gateway
              may-hold: [own, spiffe://example.org/ns/edge/sa/front]
              max-lifetime: 1h
              keys: [ec-p256, rsa]
              dns-names: [front.example.org, front]
            - caller: spiffe://example.org/ns/*/sa/gateway
              may-hold: []
            - caller: spiffe://example.org/ns/edge/sa/*
            sinks: { bundle-file: bundle.pem }
            admin: { token-file: admin.token, ids: ["spiffe://example.org/user/jo"] }
            limits: { per-identity: 7/s, per-address: off, concurrent: 10000 }
            ledger: { retention: 90d }
            rotation:
              policy: approve
              start-before: off
              deadline: 2h
              window: 90s
              compromised-deadline: 5m
              old-key: keep
            store: { url: "jdbc:postgresql://a:5432,[::1]/signet?sslmode=verify-full", user: signet, password-file: db }
            data-dir: data
            """);

    assertThat(config)
        .isEqualTo(
            new SignetConfig(
                new TrustDomain("example.org"),
                new ListenConfig(
                    new Address("::1", 0),
                    Optional.of(folder.resolve("run/sds.sock")),
                    Optional.of(new Address("::1", 8445)),
                    new Address("localhost", 9090),
                    Optional.of(new Address("::1", 9443))),
                List.of("signet.signet-system.svc", "10.0.0.1", "::1"),
                new KeysConfig(
                    new Pkcs11Custodian(
                        Path.of("/usr/lib/p11.so"),
                        "signet",
                        Optional.of("08ab"),
                        new InFile(folder.resolve("pin"))),
                    KeyAlgorithm.RSA_3072,
                    Issuing.CUSTODIAN),
                new AuthorityConfig(
                    new AuthorityConfig.Root.Own(), Duration.ofDays(3650), Duration.ofHours(36)),
                new RotationConfig(
                    true,
                    Optional.empty(),
                    Duration.ofHours(2),
                    Duration.ofSeconds(90),
                    Duration.ofMinutes(5),
                    false),
                new SvidConfig(Duration.ofSeconds(10), Duration.ofMinutes(90)),
                new AttestationConfig(
                    List.of(
                        new KubernetesCluster(
                            "main",
                            List.of("east", "west"),
                            Optional.of(Path.of("/etc/signet/kubeconfig")),
                            "signet",
                            Review.LOCAL,
                            OptionalInt.of(500),
                            List.of(
                                new ServiceAccountName("istio-system", "ztunnel"),
                                new ServiceAccountName("a", "b.c"))),
                        new KubernetesCluster(
                            "south",
                            List.of(),
                            Optional.of(folder.resolve("south.kubeconfig")),
                            "istio-ca",
                            Review.API,
                            OptionalInt.empty(),
                            List.of()),
                        new KubernetesCluster(
                            "Kubernetes",
                            List.of(),
                            Optional.empty(),
                            "istio-ca",
                            Review.API,
                            OptionalInt.of(2000),
                            List.of())),
                    List.of(
                        new UnixCaller(0, SpiffeId.parse("spiffe://example.org/a")),
                        new UnixCaller(4294967294L, SpiffeId.parse("spiffe://example.org/b"))),
                    List.of(
                        new JwtIssuer(
                            "https://issuer",
                            "signet",
                            new Jwks.InFile(folder.resolve("jwks.json"))),
                        new JwtIssuer(
                            "b",
                            "istio-ca",
                            new Jwks.AtUrl(
                                URI.create("https://issuer/keys?a=b"),
                                Optional.of(folder.resolve("ca.pem")))),
                        new JwtIssuer(
                            "http://127.0.0.1:80/c",
                            "istio-ca",
                            new Jwks.Discovered(Optional.of(folder.resolve("ca.pem"))))),
                    false),
                List.of(
                    new Rule(
                        0,
                        CallerPattern.parse("spiffe://example.org/ns/istio-system/sa/gateway"),
                        new Entitlement(
                            true,
                            List.of(SpiffeId.parse("spiffe://example.org/ns/edge/sa/front")),
                            Duration.ofHours(1),
                            List.of(KeyType.of(KeyAlgorithm.EC_P256), KeyType.RSA),
                            List.of("front.example.org", "front"))),
                    new Rule(
                        1,
                        CallerPattern.parse("spiffe://example.org/ns/*/sa/gateway"),
                        new Entitlement(
                            false, List.of(), Duration.ofMinutes(90), KeyType.ALL, List.of())),
                    new Rule(
                        2,
                        CallerPattern.parse("spiffe://example.org/ns/edge/sa/*"),
                        new Entitlement(
                            true, List.of(), Duration.ofMinutes(90), KeyType.ALL, List.of()))),
                STANDARD_SDS,
                List.of(),
                new SinksConfig(Optional.of(folder.resolve("bundle.pem"))),
                new AdminConfig(
                    Optional.of(folder.resolve("admin.token")),
                    List.of(SpiffeId.parse("spiffe://example.org/user/jo"))),
                new LimitsConfig(
                    Optional.of(new Rate(7, 7)), Optional.empty(), OptionalInt.of(10_000)),
                new LedgerConfig(Duration.ofDays(90)),
                Optional.of(
                    new StoreConfig(
                        "jdbc:postgresql://a:5432,[::1]/signet?sslmode=verify-full",
                        "signet",
                        Optional.of(new InFile(folder.resolve("db"))))),
                folder.resolve("data")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          trust-domain: example.org | trust-domain: Exa mple | line 1: trust-domain: Exa mple (expected: a trust domain name such as example.org)
          trust-domain: example.org | data-dir: d | trust-domain: missing (expected: a trust domain name such as example.org)
          serving-names: [localhost] | serving-names: [-x] | line 2: serving-names: -x (expected: a list of DNS names and IP addresses, at least one)
          serving-names: [localhost] | serving-names: [1.2.3.400] | line 2: serving-names: 1.2.3.400 (expected: a list of DNS names and IP addresses, at least one)
          serving-names: [localhost] | serving-names: [] | line 2: serving-names: none (expected: at least one name)
          serving-names: [localhost] | serving-names: localhost | line 2: serving-names: one value (expected: a list)
          serving-names: [localhost] | data-dir: d | serving-names: missing (expected: a list of DNS names and IP addresses, at least one)
          custodian: file | custodian: tpm | line 4: keys.custodian: tpm (expected: file, pkcs11, vault or memory)
          custodian: file | custodian: vault | line 5: keys.file: not used by this custodian (expected: the key left out)
          custodian: file | custodian: file\\n  vault: {} | line 5: keys.vault: not used by this custodian (expected: the key left out)
          custodian: file | custodian: file\\n  issuing: disk | line 5: keys.issuing: disk (expected: memory, custodian or root)
          custodian: file | custodian: file\\n  algorithm: ed25519 | line 5: keys.algorithm: ed25519 (expected: ec-p256, ec-p384, rsa-2048, rsa-3072 or rsa-4096)
          custodian: file | custodian: file\\n  pkcs11: {} | line 5: keys.pkcs11: not used by this custodian (expected: the key left out)
          path: keys, | | line 5: keys.file.path: missing (expected: a folder, made if missing)
          , passphrase: "env:SIGNET_PASSPHRASE" | | line 5: keys.file.passphrase-file: missing (expected: a readable file, closed to group and others)
          "env:SIGNET_PASSPHRASE" | "env:A", key-file: k | line 5: keys.file.passphrase: a second secret beside key-file (expected: only one of the three)
          passphrase: "env:SIGNET_PASSPHRASE" | passphrase-file: p, key-file: k | line 5: keys.file.passphrase-file: a second secret beside key-file (expected: only one of the three)
          "env:SIGNET_PASSPHRASE" | "env:A", passphrase-file: p | line 5: keys.file.passphrase: a second place beside passphrase-file (expected: only one of the two)
          uid: 1000 | uid: -1 | line 8: attestation.unix[0].uid: -1 (expected: a user id from 0 to 4294967294, each once)
          uid: 1000 | uid: 4294967295 | line 8: attestation.unix[0].uid: 4294967295 (expected: a user id from 0 to 4294967294, each once)
          example.org/user/jo | example.com/user/jo | line 8: attestation.unix[0].id: spiffe://example.com/user/jo (expected: a SPIFFE ID with a path, in the trust domain)
          org/user/jo" } | org/user/jo" }\\n  - { uid: 1000, id: "spiffe://example.org/b" } | line 9: attestation.unix[1].uid: 1000 (expected: a user id from 0 to 4294967294, each once)
          - { uid: 1000, id: "spiffe://example.org/user/jo" } | | line 7: attestation.unix: empty (expected: a list)
          unix: | unix: []\\n  jwt: | line 9: attestation.jwt[0].uid: unknown key (expected: attestation.unix[].uid)
          unix: | jwt: [ { issuer: i, jwks-url: "http://issuer/keys" } ]\\n  unix: | line 7: attestation.jwt[0].jwks-url: http://issuer/keys (expected: https://..., or http:// to this machine)
          unix: | jwt: [ { issuer: i } ]\\n  unix: | line 7: attestation.jwt[0].jwks-file: missing (expected: this, or jwks-url, or an issuer that is https://..., or http:// to this machine)
          unix: | jwt: [ { issuer: "http://issuer" } ]\\n  unix: | line 7: attestation.jwt[0].jwks-file: missing (expected: this, or jwks-url, or an issuer that is https://..., or http:// to this machine)
          unix: | jwt: [ { issuer: i, jwks-file: f, jwks-url: "https://i" } ]\\n  unix: | line 7: attestation.jwt[0].jwks-url: not used with jwks-file (expected: the key left out)
          unix: | jwt: [ { issuer: i, jwks-file: f, ca-file: c } ]\\n  unix: | line 7: attestation.jwt[0].ca-file: not used with jwks-file (expected: the key left out)
          unix: | client-certificate: true\\n  unix: | line 7: attestation.client-certificate: true (expected: on or off)
          trust-domain: example.org | trust-domain: example.org\\nlisten: { operator: nowhere } | line 2: listen.operator: nowhere (expected: HOST:PORT, port 0 to 65535)
          trust-domain: example.org | trust-domain: example.org\\nlisten: { sds-rest: "8445" } | line 2: listen.sds-rest: 8445 (expected: HOST:PORT, port 0 to 65535)
          trust-domain: example.org | trust-domain: example.org\\nlisten: { workload: "a:70000" } | line 2: listen.workload: a:70000 (expected: HOST:PORT, port 0 to 65535)
          trust-domain: example.org | trust-domain: example.org\\nlisten: 8443 | line 2: listen: one value (expected: keys and values)
          trust-domain: example.org | trust-domain: example.org\\nsvid: { max-lifetime: 9s } | line 2: svid.max-lifetime: 9s (expected: a duration from 10s to 365d)
          trust-domain: example.org | trust-domain: example.org\\nsvid: { max-lifetime: 1 hour } | line 2: svid.max-lifetime: 1 hour (expected: a duration from 10s to 365d)
          # ISTIO-95: a default TTL above the limit, which istiod takes.
          trust-domain: example.org | trust-domain: example.org\\nsvid: { default-lifetime: 25h } | line 2: svid.default-lifetime: 1d1h (expected: at most svid.max-lifetime, which is 1d)
          trust-domain: example.org | trust-domain: example.org\\nsvid: { max-lifetime: 4d } | line 2: svid.max-lifetime: 4d (expected: at most half of authority.issuing-lifetime, which is 3d12h)
          trust-domain: example.org | trust-domain: example.org\\nauthority: { root-lifetime: 7d } | line 2: authority.issuing-lifetime: 7d (expected: less than authority.root-lifetime, which is 7d)
          trust-domain: example.org | trust-domain: example.org\\nlisten: { admin: "9443" }\\nadmin: { token-file: t } | line 2: listen.admin: 9443 (expected: HOST:PORT, port 0 to 65535)
          trust-domain: example.org | trust-domain: example.org\\nlisten: { admin: "a:9443" } | line 2: listen.admin: nobody who may administrate (expected: admin.ids or admin.token-file too, or the key left out)
          trust-domain: example.org | trust-domain: example.org\\nlisten: { admin: "a:9443" }\\nadmin: { ids: [] } | line 2: listen.admin: nobody who may administrate (expected: admin.ids or admin.token-file too, or the key left out)
          trust-domain: example.org | trust-domain: example.org\\nadmin: { ids: ["spiffe://example.org/jo"] } | line 2: admin.ids: no address where certificates are taken (expected: listen.admin too, or the key left out)
          trust-domain: example.org | trust-domain: example.org\\nlisten: { admin: "a:9443" }\\nadmin: { ids: ["spiffe://example.com/jo"] } | line 3: admin.ids: spiffe://example.com/jo (expected: a list of SPIFFE IDs with a path, in the trust domain, each once)
          trust-domain: example.org | trust-domain: example.org\\nlisten: { admin: "a:9443" }\\nadmin: { ids: ["spiffe://example.org"] } | line 3: admin.ids: spiffe://example.org (expected: a list of SPIFFE IDs with a path, in the trust domain, each once)
          trust-domain: example.org | trust-domain: example.org\\nlisten: { admin: "a:9443" }\\nadmin: { ids: ["spiffe://example.org/a", "spiffe://example.org/a"] } | line 3: admin.ids: spiffe://example.org/a (expected: a list of SPIFFE IDs with a path, in the trust domain, each once)
          trust-domain: example.org | trust-domain: example.org\\nlimits: { concurrent: 0 } | line 2: limits.concurrent: 0 (expected: off, or 1 to 10000)
          trust-domain: example.org | trust-domain: example.org\\nlimits: { concurrent: 10001 } | line 2: limits.concurrent: 10001 (expected: off, or 1 to 10000)
          trust-domain: example.org | trust-domain: example.org\\nlimits: { per-identity: 10 } | line 2: limits.per-identity: 10 (expected: off, N/s or N/s burst M, each from 1 to 100000)
          trust-domain: example.org | trust-domain: example.org\\nlimits: { per-identity: 0/s } | line 2: limits.per-identity: 0/s (expected: off, N/s or N/s burst M, each from 1 to 100000)
          trust-domain: example.org | trust-domain: example.org\\nlimits: { per-address: 10/s burst 100001 } | line 2: limits.per-address: 10/s burst 100001 (expected: off, N/s or N/s burst M, each from 1 to 100000)
          trust-domain: example.org | trust-domain: example.org\\nlimits: { per-node: off } | line 2: limits.per-node: unknown key (expected: one of per-identity, per-address, concurrent)
          trust-domain: example.org | trust-domain: example.org\\nstore: { url: "jdbc:h2:mem:x", user: a } | line 2: store.url: jdbc:h2:mem:x (expected: jdbc:postgresql://HOST[:PORT][,HOST[:PORT]...]/DATABASE[?PARAMETERS], without user and password)
          trust-domain: example.org | trust-domain: example.org\\nstore: { url: "jdbc:postgresql:db", user: a } | line 2: store.url: jdbc:postgresql:db (expected: jdbc:postgresql://HOST[:PORT][,HOST[:PORT]...]/DATABASE[?PARAMETERS], without user and password)
          trust-domain: example.org | trust-domain: example.org\\nstore: { url: "jdbc:postgresql://db/signet?user=b", user: a } | line 2: store.url: jdbc:postgresql://db/signet?user=b (expected: jdbc:postgresql://HOST[:PORT][,HOST[:PORT]...]/DATABASE[?PARAMETERS], without user and password)
          trust-domain: example.org | trust-domain: example.org\\nstore: { url: "jdbc:postgresql://db/signet?ssl=true&password=secret", user: a } | line 2: store.url: an address with a password (expected: jdbc:postgresql://HOST[:PORT][,HOST[:PORT]...]/DATABASE[?PARAMETERS], without user and password)
          trust-domain: example.org | trust-domain: example.org\\nstore: { url: "jdbc:postgresql://a:secret@db/signet", user: a } | line 2: store.url: an address with a password (expected: jdbc:postgresql://HOST[:PORT][,HOST[:PORT]...]/DATABASE[?PARAMETERS], without user and password)
          trust-domain: example.org | trust-domain: example.org\\nstore: { url: "jdbc:postgresql://db/signet" } | line 2: store.user: missing (expected: the name of a database user)
          trust-domain: example.org | trust-domain: example.org\\nstore: { url: "jdbc:postgresql://db/signet", user: a, password: secret } | line 2: store.password: a literal secret (expected: env:NAME, or the key password-file)
          trust-domain: example.org | trust-domain: example.org\\nstore: { url: "jdbc:postgresql://db/signet", user: a, password: prompt } | line 2: store.password: prompt (expected: env:NAME)
          trust-domain: example.org | trust-domian: example.org | line 1: trust-domian: unknown key (expected: trust-domain)
          trust-domain: example.org | trust-domain: example.org\\naudience: x | line 2: audience: unknown key (expected: attestation.kubernetes[].audience)
          trust-domain: example.org | trust-domain: example.org\\ntrust-domain: other.org | line 2: trust-domain: the same key again (expected: each key once)
          trust-domain: example.org | trust-domain: &here example.org\\ndata-dir: *here | line 2: data-dir: an alias (expected: the value itself)
          trust-domain: example.org | trust-domain: | line 1: trust-domain: empty (expected: a trust domain name such as example.org)
          trust-domain: example.org | trust-domain: [example.org] | line 1: trust-domain: a list (expected: a trust domain name such as example.org)
          unix: | kubernetes: [ { trusted-node-accounts: [a/b, ztunnel] } ]\\n  unix: | line 7: attestation.kubernetes[0].trusted-node-accounts: ztunnel (expected: a list of NAMESPACE/NAME of service accounts)
          unix: | kubernetes: [ { trusted-node-accounts: [a/b/c] } ]\\n  unix: | line 7: attestation.kubernetes[0].trusted-node-accounts: a/b/c (expected: a list of NAMESPACE/NAME of service accounts)
          unix: | kubernetes: [ { trusted-node-accounts: [istio-system/*] } ]\\n  unix: | line 7: attestation.kubernetes[0].trusted-node-accounts: istio-system/* (expected: a list of NAMESPACE/NAME of service accounts)
          unix: | kubernetes: [ { trusted-node-accounts: [Istio/ztunnel] } ]\\n  unix: | line 7: attestation.kubernetes[0].trusted-node-accounts: Istio/ztunnel (expected: a list of NAMESPACE/NAME of service accounts)
          unix: | kubernetes: [ { trusted-node-accounts: a/b } ]\\n  unix: | line 7: attestation.kubernetes[0].trusted-node-accounts: one value (expected: a list)
          unix: | kubernetes: [ { review: cached } ]\\n  unix: | line 7: attestation.kubernetes[0].review: cached (expected: api or local)
          unix: | kubernetes: [ { review-rate: 0/s } ]\\n  unix: | line 7: attestation.kubernetes[0].review-rate: 0/s (expected: 1/s to 1000000/s, or off)
          unix: | kubernetes: [ { review-rate: 1000001/s } ]\\n  unix: | line 7: attestation.kubernetes[0].review-rate: 1000001/s (expected: 1/s to 1000000/s, or off)
          unix: | kubernetes: [ { review-rate: 100 } ]\\n  unix: | line 7: attestation.kubernetes[0].review-rate: 100 (expected: 1/s to 1000000/s, or off)
          unix: | kubernetes: [ {}, { cluster: b } ]\\n  unix: | line 7: attestation.kubernetes: several clusters without kubeconfig (expected: one at most, the one that Signet runs in)
          unix: | kubernetes: [ {}, { kubeconfig: b } ]\\n  unix: | line 7: attestation.kubernetes[1].cluster: Kubernetes (expected: a text, each once)
          unix: | kubernetes: [ { aliases: [b] }, { cluster: b, kubeconfig: b } ]\\n  unix: | line 7: attestation.kubernetes[1].cluster: b (expected: a text, each once)
          unix: | kubernetes: [ {}, { cluster: b, kubeconfig: b, aliases: [Kubernetes] } ]\\n  unix: | line 7: attestation.kubernetes[1].aliases: Kubernetes again (expected: a list of texts, each once)
          unix: | kubernetes: [ { aliases: [b, b] } ]\\n  unix: | line 7: attestation.kubernetes[0].aliases: b again (expected: a list of texts, each once)
          """)
  void load_violation_refused(String valid, String invalid, String problem) {
    String written = invalid == null ? "" : invalid.replace("\\n", "\n");

    assertThatThrownBy(() -> parse(SMALLEST.replace(valid, written)))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.problems())
                    .extracting(Problem::toString)
                    .anyMatch(found -> found.endsWith(problem)));
  }

  @Test
  void load_manyViolations_toldTogetherInOrder() {
    assertThatThrownBy(() ->
            parse(
                """
                trust-domain: Exa mple
                listen: { operator: nowhere }
                serving-name: [localhost]
                keys:
                  custodian: file
                  file: { path: keys, passphrase: hunter2 }
                svid: { max-lifetime: 4d }
                attestation: {}
                limits: off
                """))
        .hasMessage(
            """
            serving-names: missing (expected: a list of DNS names and IP addresses, at least one)
            line 1: trust-domain: Exa mple (expected: a trust domain name such as example.org)
            line 2: listen.operator: nowhere (expected: HOST:PORT, port 0 to 65535)
            line 3: serving-name: unknown key (expected: serving-names)
            line 6: keys.file.passphrase: a literal secret (expected: env:NAME or prompt, or the key passphrase-file)
            line 7: svid.max-lifetime: 4d (expected: at most half of authority.issuing-lifetime, which is 3d12h)
            line 8: attestation: no attestor (expected: at least one entry under kubernetes, unix or jwt)
            line 9: limits: one value (expected: keys and values)\
            """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "hunter2",
        "~\"env:hunter2!\"~",
        "[hunter2]",
        "{ value: hunter2 }",
        "*hunter2",
        "'hunter2",
        "~\"hunter2\" }}}~",
        "!!binary hunter2"
      })
  void load_literalSecret_refusedWithoutEcho(String secret) {
    assertThatThrownBy(() -> parse(SMALLEST.replace("\"env:SIGNET_PASSPHRASE\"", secret)))
        .isInstanceOf(ConfigException.class)
        .message()
        .doesNotContain("hunter2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"trust-domain: [", "just text", "- a", "a: b: c"})
  void load_noMapping_refused(String text) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("line 1: file: ");
  }

  @Test
  void load_secondDocument_refused() {
    assertThatThrownBy(() -> parse(SMALLEST + "---\n" + SMALLEST))
        .hasMessageContaining("a second document (expected: one document)");
  }

  @Test
  void load_emptyFile_namesWhatIsRequired() {
    assertThatThrownBy(() -> parse(""))
        .hasMessageContaining("trust-domain: missing")
        .hasMessageContaining("keys.custodian: missing")
        .hasMessageContaining("attestation: no attestor");
  }

  @Test
  void load_missingFile_namesIt() {
    assertThatThrownBy(() -> SignetConfig.load(folder.resolve("none.yaml")))
        .hasMessage(
            folder.resolve("none.yaml") + ": no such file (expected: a readable YAML file)");
  }

  @Test
  void load_vault_mapped() throws Exception {
    assertThat(vault("address: \"https://vault:8200\", auth: { method: kubernetes, role: signet }"))
        .isEqualTo(
            new VaultEngine(
                List.of(URI.create("https://vault:8200")),
                "transit",
                Optional.empty(),
                Optional.empty(),
                new VaultLogin.ByKubernetes("kubernetes", "signet", Optional.empty())));
    assertThat(
            vault(
                "address: [\"https://a\", \"http://127.0.0.1:1\"], mount: ca/transit, namespace: team,"
                    + " ca-file: ca.pem, auth: { method: cert, mount: tls, role: signet,"
                    + " cert-file: c.pem, key-file: k.pem }"))
        .isEqualTo(
            new VaultEngine(
                List.of(URI.create("https://a"), URI.create("http://127.0.0.1:1")),
                "ca/transit",
                Optional.of("team"),
                Optional.of(folder.resolve("ca.pem")),
                new VaultLogin.ByCert(
                    "tls",
                    Optional.of("signet"),
                    folder.resolve("c.pem"),
                    folder.resolve("k.pem"))));
    assertThat(login("{ method: approle, role-id: r, secret-id-file: s }"))
        .isEqualTo(new VaultLogin.ByAppRole("approle", "r", folder.resolve("s")));
    assertThat(login("{ method: token, token-file: t }"))
        .isEqualTo(new VaultLogin.ByToken(folder.resolve("t")));
  }

  private VaultLogin login(String auth) throws ConfigException {
    return vault("address: \"https://vault\", auth: " + auth).login();
  }

  private VaultEngine vault(String keys) throws ConfigException {
    return ((VaultCustodian) parse(inVault(keys)).keys().custodian()).engine();
  }

  private static String inVault(String keys) {
    return SMALLEST.replaceAll(
        "(?m)^  custodian: file\n.*$", "  custodian: vault\n  vault: { " + keys + " }");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          auth: { method: token, token-file: t } | keys.vault.address: missing (expected: https://HOST[:PORT] or http:// to this machine, or a list of them)
          address: [], auth: { method: token, token-file: t } | keys.vault.address: none (expected: https://HOST[:PORT] or http:// to this machine, or a list of them)
          address: "http://vault", auth: { method: token, token-file: t } | keys.vault.address: http://vault (expected: https://HOST[:PORT] or http:// to this machine, or a list of them)
          address: "https://vault/v1", auth: { method: token, token-file: t } | keys.vault.address: https://vault/v1 (expected: https://HOST[:PORT] or http:// to this machine, or a list of them)
          address: "https://v", mount: /transit, auth: { method: token, token-file: t } | keys.vault.mount: /transit (expected: the path of the Transit engine)
          address: "https://v", namespace: a//b, auth: { method: token, token-file: t } | keys.vault.namespace: a//b (expected: the path of a namespace)
          address: "https://v" | keys.vault.auth.method: missing (expected: token, kubernetes, approle or cert)
          address: "https://v", auth: { method: ldap } | keys.vault.auth.method: ldap (expected: token, kubernetes, approle or cert)
          address: "https://v", auth: { method: kubernetes } | keys.vault.auth.role: missing (expected: a text; for kubernetes and cert)
          address: "https://v", auth: { method: approle, role-id: r } | keys.vault.auth.secret-id-file: missing (expected: a readable file, closed to group and others; for approle)
          address: "https://v", auth: { method: token, token-file: t, role: r } | keys.vault.auth.role: not used by method token (expected: the key left out)
          address: "https://v", auth: { method: cert, cert-file: c, key-file: k, secret-id-file: s } | keys.vault.auth.secret-id-file: not used by method cert (expected: the key left out)
          """)
  void load_vaultViolation_refused(String keys, String problem) {
    assertThatThrownBy(() -> parse(inVault(keys)))
        .isInstanceOfSatisfying(
            ConfigException.class,
            e ->
                assertThat(e.problems())
                    .extracting(Problem::toString)
                    .anyMatch(found -> found.endsWith(problem)));
  }

  @Test
  void load_socketPathTooLong_refused() {
    String socket = "/" + "x".repeat(107);

    assertThatThrownBy(() -> parse("listen: { sds-socket: " + socket + " }\n" + SMALLEST))
        .hasMessageContaining("(expected: a path of at most 107 bytes)");
  }

  @Test
  void load_filesOnDisk_lookedAt() throws Exception {
    Path pin = Files.writeString(folder.resolve("pin"), "1234");
    Files.setPosixFilePermissions(pin, PosixFilePermissions.fromString("rw-r-----"));
    Files.writeString(folder.resolve("keys"), "not a folder");
    Path file =
        Files.writeString(
            folder.resolve("signet.yaml"),
            SMALLEST.replace("passphrase: \"env:SIGNET_PASSPHRASE\"", "passphrase-file: pin")
                + "  jwt: [ { issuer: i, jwks-file: jwks.json } ]\n");

    assertThatThrownBy(() -> SignetConfig.load(file))
        .hasMessage(
            """
            line 5: keys.file.path: %s, a file (expected: a folder, made if missing)
            line 5: keys.file.passphrase-file: %s, mode rw-r----- (expected: a readable file, closed to group and others)
            line 9: attestation.jwt[0].jwks-file: %s, no such file (expected: a readable file)\
            """
                .formatted(folder.resolve("keys"), pin, folder.resolve("jwks.json")));
  }

  @Test
  void load_privateSecretFile_accepted() throws Exception {
    Path pin = Files.writeString(folder.resolve("pin"), "1234\n");
    Files.setPosixFilePermissions(pin, PosixFilePermissions.fromString("r--------"));
    Path file =
        Files.writeString(
            folder.resolve("signet.yaml"),
            SMALLEST.replace("passphrase: \"env:SIGNET_PASSPHRASE\"", "passphrase-file: pin"));

    assertThat(SignetConfig.load(file).keys().custodian())
        .isEqualTo(new FileCustodian(folder.resolve("keys"), new ByPassphrase(new InFile(pin))));
  }

  @Test
  void load_keyFile_lookedAtAndAccepted() throws Exception {
    Path key = Files.write(folder.resolve("key"), new byte[32]);
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
    Path file =
        Files.writeString(
            folder.resolve("signet.yaml"),
            SMALLEST.replace("passphrase: \"env:SIGNET_PASSPHRASE\"", "key-file: key"));

    assertThatThrownBy(() -> SignetConfig.load(file))
        .hasMessage(
            "line 5: keys.file.key-file: %s, mode rw-r----- (expected: a readable file of 32 or more"
                + " random bytes, closed to group and others)",
            key);
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("r--------"));
    assertThat(SignetConfig.load(file).keys().custodian())
        .isEqualTo(new FileCustodian(folder.resolve("keys"), new ByKeyFile(key)));
  }

  private SignetConfig parse(String text) throws ConfigException {
    return SignetConfig.parse(text, folder);
  }

  // What we tell people to deploy must be what we accept.
  @Test
  void parse_deployManifest_accepted() throws Exception {
    String manifest = Files.readString(Path.of("../k8s/deploy/config.yaml"));
    String config = manifest.substring(manifest.indexOf("config.yaml: |") + 14).stripIndent();

    assertThat(SignetConfig.parse(config, Path.of("/")).trustDomain())
        .isEqualTo(TrustDomain.parse("cluster.local"));
  }
}

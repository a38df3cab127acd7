package io.signet.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.parallel.ExecutionMode.CONCURRENT;

import io.signet.e2e.PlayedCa.Identity;
import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Await;
import io.signet.e2e.peers.Command;
import io.signet.e2e.peers.Envoy;
import io.signet.e2e.peers.Ports;
import io.signet.sds.BundleForm;
import io.signet.sds.Naming;
import io.signet.sds.Secret.SessionTicketKeys;
import io.signet.sds.Secret.TlsCertificate;
import io.signet.sds.Secrets;
import io.signet.sds.Snapshot;
import io.signet.sds.Trust;
import io.signet.sds.TrustAnchors;
import io.signet.spiffe.SecretBytes;
import io.signet.spiffe.SpiffeId;
import java.io.IOException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What we rely on of the real Envoy, with secrets that a test decides: some of them no CA would
 * make.
 */
@Tag("e2e")
@Execution(CONCURRENT)
final class EnvoyFactsE2eTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private static final PlayedCa ROOT = PlayedCa.of(Secrets.EXAMPLE, "root");
  private static final PlayedCa SECOND_ROOT = PlayedCa.of(Secrets.EXAMPLE, "second root");
  private static final List<X509Certificate> ROOTS = List.of(ROOT.ca().certificate());
  private static final Identity SERVER = ROOT.issue(Secrets.WEB);
  private static final Identity CLIENT = ROOT.issue(Secrets.CART);

  // SC-19, EF-5: it is live with a certificate that it cannot use, and the next one repairs it.
  // That
  // is another certificate, for a version says nothing of a key (SDS-4).
  @ParameterizedTest
  @EnumSource
  void certificate_ofAnotherKeyAsTheFirst_repairedByTheNext(Api api) throws Exception {
    Identity next = ROOT.issue(Secrets.WEB);
    try (var sds = PlayedSds.start()) {
      sds.set(snapshot(SERVER.withKeyOf(CLIENT).secret(), ROOT.anchors()));
      try (var envoy = Envoy.start(MeshConfig.server(sds.source(api)).yaml())) {
        envoy.awaitReady();
        Await.until("the NACK", SOON, () -> !sds.nacks().isEmpty());
        assertRefused(envoy, CLIENT);

        sds.set(snapshot(next.secret(), ROOT.anchors()));
        awaitServed(envoy, next);
        assertAccepted(envoy, CLIENT);
      }
    }
  }

  // SC-19, EF-4, SDS-9: the last good one stays. The next good one is taken.
  @ParameterizedTest
  @EnumSource
  void certificate_ofAnotherKeyAfterAGoodOne_refusedAndTheGoodOneStays(Api api) throws Exception {
    Identity next = ROOT.issue(Secrets.WEB);
    try (var sds = PlayedSds.start()) {
      sds.set(snapshot(SERVER.secret(), ROOT.anchors()));
      try (var envoy = Envoy.start(MeshConfig.server(sds.source(api)).yaml())) {
        envoy.awaitReady();
        Identity bad = ROOT.issue(Secrets.WEB).withKeyOf(CLIENT);
        sds.set(snapshot(bad.secret(), ROOT.anchors()));
        Await.until("the NACK", SOON, () -> !sds.nacks().isEmpty());
        assertThat(sds.nacks()).singleElement().asString().startsWith("[default]: ");
        assertThat(envoy.stat("sds.default.update_rejected")).isEqualTo(1);
        assertAccepted(envoy, CLIENT);
        assertThat(envoy.certs()).contains(SERVER.serial());

        sds.set(snapshot(next.secret(), ROOT.anchors()));
        awaitServed(envoy, next);
        assertAccepted(envoy, CLIENT);
      }
    }
  }

  // SDS-5: it never gets as far as Envoy.
  @ParameterizedTest
  @EnumSource
  void certificate_keyDestroyed_neverSentAndNoHandshakeFails(Api api) throws Exception {
    Identity next = ROOT.issue(Secrets.WEB);
    try (var sds = PlayedSds.start()) {
      sds.set(snapshot(SERVER.secret(), ROOT.anchors()));
      var config = MeshConfig.both(sds.source(api), Ports.free()).yaml();
      try (var envoy = Envoy.start(config)) {
        envoy.awaitReady();
        try (var traffic = Traffic.to(envoy.listenerPort("out"))) {
          TlsCertificate destroyed = ROOT.issue(Secrets.WEB).secret();
          destroyed.privateKey().destroy();
          sds.set(snapshot(destroyed, ROOT.anchors()));
          Await.until("nothing to be sent", SOON, () -> sds.withheld().contains("default"));
          traffic.awaitMore(10, SOON);
          sds.set(snapshot(next.secret(), ROOT.anchors()));
          awaitServed(envoy, next);
          traffic.awaitMore(10, SOON);
        }
        assertThat(sds.nacks()).isEmpty();
        assertThat(envoy.stat("sds.default.update_success")).isEqualTo(2);
      }
    }
  }

  // EF-7, SDS-7: why a secret that is being made is worth an open stream; Istio waits for ever.
  @ParameterizedTest
  @EnumSource
  void certificate_notYetThere_listenerWaitsForItAndThenServes(Api api) throws Exception {
    try (var sds = PlayedSds.start()) {
      sds.set(new Snapshot(List.of(), Trust.of(ROOT.anchors())).awaiting(Secrets.WEB));
      var config = MeshConfig.server(sds.source(api)).patience("0s");
      try (var envoy = Envoy.start(config.yaml())) {
        Await.until("the roots", SOON, () -> envoy.stat("sds.ROOTCA.update_success") == 1);
        assertThatThrownBy(envoy::ready).hasMessageContaining("INITIALIZING");

        sds.set(snapshot(SERVER.secret(), ROOT.anchors()));
        envoy.awaitReady();
        assertAccepted(envoy, CLIENT);
      }
    }
  }

  // SC-20, EF-3, SDS-16, SDS-20: there is no way to take a certificate away from it.
  @ParameterizedTest
  @EnumSource
  void staticName_removed_oldCertificateStays(Api api) throws Exception {
    try (var sds = PlayedSds.start()) {
      sds.set(snapshot(SERVER.secret(), ROOT.anchors()));
      try (var envoy = Envoy.start(MeshConfig.server(sds.source(api)).yaml())) {
        envoy.awaitReady();
        sds.set(new Snapshot(List.of(), Trust.of(ROOT.anchors())));
        Await.until("the removal", SOON, () -> sds.missing().contains("default"));
        // What comes after it on the stream of the other name is heard of: it is alive.
        sds.set(new Snapshot(List.of(), Trust.of(anchorsOfBoth())));
        Await.until("the roots", SOON, () -> envoy.stat("sds.ROOTCA.update_success") == 2);
        assertAccepted(envoy, CLIENT);
        assertThat(envoy.certs()).contains(SERVER.serial());
        assertThat(sds.nacks()).isEmpty();
      }
    }
  }

  // SC-20, EF-3: why delta is worth having. Missing: told at once; there later: served; removed:
  // the next handshake fails.
  @Test
  void onDemandName_missingThenThereThenRemoved_eachHandshakeToldAtOnce() throws Exception {
    try (var sds = PlayedSds.start()) {
      sds.set(new Snapshot(List.of(), Trust.of(ROOT.anchors())));
      var config = MeshConfig.server(sds.source(Api.DELTA_GRPC)).onDemand();
      try (var envoy = Envoy.start(config.yaml())) {
        envoy.awaitReady();
        assertThat(sds.missing()).doesNotContain("default");
        assertRefused(envoy, CLIENT);
        assertThat(sds.missing()).contains("default");

        sds.set(snapshot(SERVER.secret(), ROOT.anchors()));
        awaitAccepted(envoy);

        sds.set(new Snapshot(List.of(), Trust.of(ROOT.anchors())));
        awaitRefused(envoy);

        sds.set(snapshot(SERVER.secret(), ROOT.anchors()));
        awaitAccepted(envoy);
      }
    }
  }

  // SC-23, FLD-4: a CRL counts, also one that comes later.
  @ParameterizedTest
  @EnumSource
  void crl_pushedToARunningEnvoy_revokedClientRefusedAndOthersAreNot(Api api) throws Exception {
    Identity revoked = ROOT.issue(Secrets.CART);
    try (var sds = PlayedSds.start()) {
      sds.set(snapshot(SERVER.secret(), ROOT.anchors(ROOT.crl())));
      try (var envoy = Envoy.start(MeshConfig.server(sds.source(api)).yaml())) {
        envoy.awaitReady();
        assertAccepted(envoy, revoked);

        sds.set(snapshot(SERVER.secret(), ROOT.anchors(ROOT.crl(revoked))));
        Await.until("the CRL", SOON, () -> envoy.stat("sds.ROOTCA.update_success") == 2);
        assertRefused(envoy, revoked);
        assertAccepted(envoy, CLIENT);
      }
    }
  }

  // SC-23, FLD-4: why we send CRLs of all authorities or of none.
  @Test
  void crl_ofOneOfTwoRoots_clientsOfTheOtherRefused() throws Exception {
    Identity other = SECOND_ROOT.issue(Secrets.CART);
    try (var sds = PlayedSds.start()) {
      sds.set(snapshot(SERVER.secret(), anchorsOfBoth()));
      try (var envoy = Envoy.start(MeshConfig.server(sds.source(Api.GRPC)).yaml())) {
        envoy.awaitReady();
        assertAccepted(envoy, other);

        var one = PlayedCa.anchors(List.of(ROOT, SECOND_ROOT), ROOT.crl());
        sds.set(snapshot(SERVER.secret(), one));
        Await.until("the CRL", SOON, () -> envoy.stat("sds.ROOTCA.update_success") == 2);
        assertRefused(envoy, other);
        assertAccepted(envoy, CLIENT);
      }
    }
  }

  // SC-23, FLD-6: why revocation needs the other form.
  @Test
  void crl_ofTheValidator_ignored() throws Exception {
    Identity revoked = ROOT.issue(Secrets.CART);
    try (var sds = PlayedSds.start(Naming.STANDARD.in(BundleForm.SPIFFE_VALIDATOR))) {
      sds.set(snapshot(SERVER.secret(), ROOT.anchors(ROOT.crl(revoked))));
      try (var envoy = Envoy.start(MeshConfig.server(sds.source(Api.GRPC)).yaml())) {
        envoy.awaitReady();
        assertAccepted(envoy, revoked);
      }
    }
  }

  // SC-27, FLD-7: sessions are resumed before and after, and no handshake fails meanwhile.
  @ParameterizedTest
  @EnumSource
  void ticketKeys_rotatedUnderTraffic_sessionsResumedAndNoHandshakeFails(Api api) throws Exception {
    SecretBytes first = ticketKey();
    SecretBytes second = ticketKey();
    var rotations = List.of(List.of(first), List.of(second, first), List.of(ticketKey(), second));
    Snapshot secrets = snapshot(SERVER.secret(), ROOT.anchors());
    try (var sds = PlayedSds.start()) {
      sds.set(secrets.with(new SessionTicketKeys(rotations.getFirst())));
      var config = MeshConfig.both(sds.source(api), Ports.free()).tickets().yaml();
      try (var envoy = Envoy.start(config)) {
        envoy.awaitReady();
        try (var traffic = Traffic.to(envoy.listenerPort("out"))) {
          int rotation = 0;
          for (List<SecretBytes> keys : rotations) {
            sds.set(secrets.with(new SessionTicketKeys(keys)));
            int expected = ++rotation;
            Await.until(
                "the keys",
                SOON,
                () -> envoy.stat("sds.session-tickets.update_success") == expected);
            awaitMoreResumed(envoy, traffic);
          }
        }
        assertThat(envoy.total("\\.ssl\\.(connection_error|fail_verify_.*)$")).isZero();
        assertThat(sds.nacks()).isEmpty();
      }
    }
  }

  private static void awaitMoreResumed(Envoy envoy, Traffic traffic) throws IOException {
    long before = envoy.stat("cluster.server.ssl.session_reused");
    Await.until(
        "sessions to be resumed",
        SOON,
        () -> envoy.stat("cluster.server.ssl.session_reused") >= before + 10);
    traffic.awaitMore(1, SOON);
  }

  // SC-27, FLD-2: a new staple of the same certificate is a push, and goes out with it.
  @ParameterizedTest
  @EnumSource
  void staple_pushedToARunningEnvoy_shownToClients(Api api) throws Exception {
    Instant end = Instant.now().plus(Duration.ofHours(1)).truncatedTo(ChronoUnit.SECONDS);
    Instant later = end.plus(Duration.ofHours(1));
    try (var sds = PlayedSds.start()) {
      sds.set(snapshot(SERVER.secret(Optional.of(ROOT.ocsp(SERVER, end))), ROOT.anchors()));
      try (var envoy = Envoy.start(MeshConfig.server(sds.source(api)).yaml())) {
        envoy.awaitReady();
        assertThat(envoy.certs()).contains("\"expiration\": \"" + end + "\"");

        sds.set(snapshot(SERVER.secret(Optional.of(ROOT.ocsp(SERVER, later))), ROOT.anchors()));
        Await.until(
            "the staple", SOON, () -> envoy.certs().contains("\"expiration\": \"" + later + "\""));
        assertThat(stapled(envoy))
            .contains("OCSP Response Status: successful", "Cert Status: good");
        assertThat(sds.nacks()).isEmpty();
      }
    }
  }

  private static String stapled(Envoy envoy) throws IOException {
    // It shows no certificate and is turned away, after it was shown the server's.
    String address = "127.0.0.1:" + envoy.listenerPort("in");
    var command = List.of("openssl", "s_client", "-status", "-tls1_3", "-connect", address);
    return Command.result(Map.of(), command).output();
  }

  // SC-26, EF-1: one stream for each name, all on one connection.
  @ParameterizedTest
  @EnumSource
  void names_150_allServedOnOneConnection(Api api) throws Exception {
    List<Identity> identities =
        Stream.iterate(1, number -> number + 1)
            .limit(150)
            .map(number -> Secrets.WEB + "-" + number)
            .map(SpiffeId::parse)
            .map(id -> ROOT.issue(id, SERVER.keys()))
            .toList();
    try (var sds = PlayedSds.start()) {
      sds.set(
          new Snapshot(
              identities.stream().map(Identity::secret).toList(), Trust.of(ROOT.anchors())));
      var clusters = identities.stream().map(EnvoyFactsE2eTest::cluster).toList();
      try (var envoy = Envoy.start(MeshConfig.clusters(sds.source(api), clusters).yaml())) {
        envoy.awaitReady();
        assertThat(envoy.total("^sds\\..*\\.update_success$")).isEqualTo(150);
        assertThat(envoy.certs()).contains(identities.stream().map(Identity::serial).toList());
        assertThat(sds.opened()).isEqualTo(150);
        assertThat(envoy.stat("cluster.sds-grpc.upstream_cx_total")).isEqualTo(1);
      }
    }
  }

  private static String cluster(Identity identity) {
    String id = identity.secret().svid().id().toString();
    return """
    { name: "c%s", type: STATIC, connect_timeout: 1s, transport_socket: { name: envoy.transport_sockets.tls, typed_config: {
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext,
      common_tls_context: { tls_certificate_sds_secret_configs: [ { name: "%s", sds_config: @sds@ } ] } } } }
    """
        .formatted(id.substring(id.lastIndexOf('-')), id);
  }

  private static SecretBytes ticketKey() {
    byte[] key = new byte[SessionTicketKeys.KEY_LENGTH];
    new SecureRandom().nextBytes(key);
    return SecretBytes.copyOf(key);
  }

  private static TrustAnchors anchorsOfBoth() {
    return PlayedCa.anchors(List.of(ROOT, SECOND_ROOT));
  }

  private static Snapshot snapshot(TlsCertificate svid, TrustAnchors anchors) {
    return new Snapshot(List.of(svid), Set.of(), Trust.of(anchors), Optional.empty());
  }

  // Each time by another client, for a session that is resumed is not judged again.
  private static String get(Envoy envoy, Identity client) throws Exception {
    return MutualTls.of(client, ROOTS).get(envoy.listenerPort("in"));
  }

  private static void assertAccepted(Envoy envoy, Identity client) throws Exception {
    assertThat(get(envoy, client)).startsWith("HTTP/1.1 200 ");
  }

  private static void assertRefused(Envoy envoy, Identity client) {
    assertThatThrownBy(() -> get(envoy, client)).isInstanceOf(IOException.class);
  }

  private static void awaitServed(Envoy envoy, Identity server) {
    Await.until("the certificate", SOON, () -> envoy.certs().contains(server.serial()));
  }

  private static void awaitAccepted(Envoy envoy) {
    Await.until("a handshake", SOON, () -> isAccepted(envoy));
  }

  private static void awaitRefused(Envoy envoy) {
    Await.until("a refusal", SOON, () -> !isAccepted(envoy));
  }

  private static boolean isAccepted(Envoy envoy) {
    try {
      return get(envoy, CLIENT).startsWith("HTTP/1.1 200 ");
    } catch (IOException refused) {
      return false;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}

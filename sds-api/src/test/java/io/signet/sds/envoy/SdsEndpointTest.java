package io.signet.sds.envoy;

import static io.signet.sds.Laggards.everyoneHas;
import static io.signet.sds.Laggards.laggards;
import static io.signet.sds.Secrets.CART;
import static io.signet.sds.Secrets.EXAMPLE;
import static io.signet.sds.Secrets.WEB;
import static io.signet.sds.Secrets.anchors;
import static io.signet.sds.Secrets.bundle;
import static io.signet.sds.Secrets.snapshot;
import static io.signet.sds.Secrets.svid;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.Futures;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.BuildVersion;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.signet.sds.AckLedger;
import io.signet.sds.Condition;
import io.signet.sds.FakeSecretSource;
import io.signet.sds.Had;
import io.signet.sds.Holder;
import io.signet.sds.Holding;
import io.signet.sds.Naming;
import io.signet.sds.Snapshot;
import io.signet.sds.Standing;
import io.signet.sds.Trust;
import io.signet.sds.TrustAnchors;
import io.signet.spiffe.TrustBundle;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The endpoint over a real gRPC call. Everything runs on the test's thread, so nothing waits. */
class SdsEndpointTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  private static final Duration RECHECK = Duration.ofMinutes(5);
  private static final Holder WEB_1 = new Holder(WEB, "1");
  private static final Holder CART_1 = new Holder(CART, "1");

  private final FakeTimer time = new FakeTimer(NOW);
  private final FakeSecretSource source = new FakeSecretSource();
  private final AckLedger ledger = new AckLedger(time);
  private final RecordingListener listener = new RecordingListener();
  private final LastCall call = new LastCall();
  private Callers callers = () -> new Caller(WEB_1, Optional.empty(), Optional.empty());
  private final Server server;
  private final ManagedChannel channel;

  SdsEndpointTest() throws IOException {
    String name = InProcessServerBuilder.generateName();
    var endpoint =
        new SdsEndpoint(
            new SdsService(source, ledger, listener, RECHECK, time, time, Runnable::run),
            () -> callers.current(),
            "unix:sds.sock",
            Naming.STANDARD);
    server =
        InProcessServerBuilder.forName(name)
            .directExecutor()
            .intercept(call)
            .addService(endpoint)
            .build()
            .start();
    channel = InProcessChannelBuilder.forName(name).directExecutor().build();
  }

  @BeforeEach
  void webHasSecrets() {
    source.set(WEB_1, snapshot(1, 1));
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  @Test // SDS-1, SDS-4
  void request_first_isAnsweredWithTypeVersionAndNonce() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");

    assertThat(proxy.names()).containsExactly(List.of("default"));
    assertThat(proxy.last().getTypeUrl()).isEqualTo(SecretEncoder.TYPE_URL);
    assertThat(proxy.last().getVersionInfo()).isEqualTo(svid(WEB, 1).version());
    assertThat(proxy.last().getNonce()).isNotEmpty();
    assertThat(proxy.isOpen()).isTrue();
  }

  @Test // SDS-1: the method says what is asked for
  void request_emptyTypeUrl_isAnswered() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.says(DiscoveryRequest.newBuilder().addResourceNames("ROOTCA").build());

    assertThat(proxy.names()).containsExactly(List.of("ROOTCA"));
  }

  @Test // SDS-1
  void request_otherTypeUrl_endsTheStreamAndNamesIt() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.says(FakeProxy.request("default").setTypeUrl("type.googleapis.com/Cluster").build());

    assertThat(proxy.status().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(proxy.status().getDescription()).contains("type.googleapis.com/Cluster");
    assertNothingIsLeft();
  }

  @Test // SDS-9
  void ack_ofBoth_isInTheLedger() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default", "ROOTCA");
    String root = bundle(EXAMPLE, 1).version();
    assertThat(everyoneHas(ledger, "ROOTCA", root)).isFalse();

    proxy.acks("default", "ROOTCA");

    assertThat(everyoneHas(ledger, "ROOTCA", root)).isTrue();
    assertThat(listener.heard())
        .containsExactly("opened by web-1", "sent [ROOTCA, default]", "acked [ROOTCA, default]");
  }

  @Test // with the next bundle there may be nothing to send
  void push_sameContentInTheNextBundle_streamHasThatOne() {
    FakeProxy proxy = FakeProxy.open(channel);
    source.set(WEB_1, with(bundleOf(4)));
    proxy.asks("ROOTCA");
    proxy.acks("ROOTCA");
    assertThat(only().bundle()).contains(4L);

    source.set(WEB_1, with(bundleOf(5)));

    assertThat(proxy.names()).containsExactly(List.of("ROOTCA"));
    assertThat(only().bundle()).contains(5L);
  }

  private static TrustBundle bundleOf(long sequence) {
    return new TrustBundle(
        EXAMPLE, sequence, anchors(EXAMPLE, 1).bundle().authorities(), Optional.empty());
  }

  private static Snapshot with(TrustBundle bundle) {
    return new Snapshot(List.of(svid(WEB, 1)), Trust.of(new TrustAnchors(bundle)));
  }

  private Standing only() {
    return ledger.subscribers().iterator().next();
  }

  @Test // SDS-18: the secret comes after the request that knows it, and is not sent again
  void resume_knownByAWildcard_hasItWithoutAnAck() {
    source.withdraw(WEB_1);
    FakeDeltaProxy proxy = FakeDeltaProxy.open(channel);
    proxy.says(
        DeltaDiscoveryRequest.newBuilder()
            .setNode(Node.newBuilder().setId("web-1").setCluster("web"))
            .setTypeUrl(SecretEncoder.TYPE_URL)
            .addResourceNamesSubscribe("*")
            .putInitialResourceVersions("spiffe://example.org", bundle(EXAMPLE, 1).version())
            .build());
    assertThat(only().bundle()).contains(0L);

    source.set(WEB_1, with(bundleOf(4)));

    assertThat(only().bundle()).contains(4L);
  }

  @Test // SDS-22: there is no ACK, so the answer counts
  void fetch_answered_isKnown() throws Exception {
    source.set(WEB_1, with(bundleOf(4)));
    var _ = blocking().fetchSecrets(FakeProxy.request("default", "ROOTCA").build());

    assertThat(ledger.takeHeard())
        .isEqualTo(Map.of(WEB_1, new Had(Optional.of(4L), Optional.of(1), Optional.empty())));
  }

  @Test // SDS-9, SDS-13, ISTIO-96: nack
  void nack_ofBoth_isToldAndNothingIsSent() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default", "ROOTCA");
    proxy.nacks("bad\nkey", "default", "ROOTCA");
    source.set(WEB_1, snapshot(1, 1));

    assertThat(proxy.responses()).hasSize(1);
    assertThat(listener.heard()).last().isEqualTo("nacked [ROOTCA, default]: bad?key");
    assertThat(laggards(ledger, "ROOTCA", bundle(EXAMPLE, 1).version())).hasSize(1);
  }

  @Test // SC-4, ISTIO-96: serial
  void open_rootStreamAfterTheCertificate_neitherIsSentTheOther() {
    FakeProxy certificate = FakeProxy.open(channel);
    certificate.asks("default");
    certificate.acks("default");
    FakeProxy root = FakeProxy.open(channel);
    root.asks("ROOTCA");
    root.acks("ROOTCA");

    assertThat(certificate.names()).containsExactly(List.of("default"));
    assertThat(root.names()).containsExactly(List.of("ROOTCA"));
  }

  @Test // SC-7, ISTIO-96: parallel, push cert
  void change_ofOneSecret_reachesOnlyItsStream() {
    FakeProxy certificate = FakeProxy.open(channel);
    FakeProxy root = FakeProxy.open(channel);
    certificate.asks("default");
    root.asks("ROOTCA");

    source.set(WEB_1, snapshot(2, 1));

    assertThat(certificate.names()).containsExactly(List.of("default"), List.of("default"));
    assertThat(root.names()).containsExactly(List.of("ROOTCA"));
  }

  // SDS-4, ISTIO-96: root update. Where Istio is given more roots it has the certificate made anew
  // too; here that stays, for the root it needs is still among them.
  @Test
  void change_ofTheRoots_reachesOnlyTheirStreamAndCountsOnceAcknowledged() {
    FakeProxy certificate = FakeProxy.open(channel);
    FakeProxy root = FakeProxy.open(channel);
    certificate.asks("default");
    root.asks("ROOTCA");
    root.acks("ROOTCA");

    source.set(WEB_1, new Snapshot(List.of(svid(WEB, 1)), Trust.of(anchors(EXAMPLE, 1, 2))));

    String both = bundle(EXAMPLE, 1, 2).version();
    assertThat(root.last().getVersionInfo()).isEqualTo(both);
    assertThat(certificate.responses()).hasSize(1);
    assertThat(everyoneHas(ledger, "ROOTCA", both)).isFalse();
    root.acks("ROOTCA");
    assertThat(everyoneHas(ledger, "ROOTCA", both)).isTrue();
  }

  // SC-13, ISTIO-96: unknown. Istio ends the stream; here it waits and misses nothing (SDS-7).
  @Test
  void request_beforeTheFirstIdentity_isAnsweredOnceItExists() {
    callers = () -> new Caller(CART_1, Optional.empty(), Optional.empty());
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");
    assertThat(proxy.names()).isEmpty();

    source.set(CART_1, new Snapshot(List.of(svid(CART, 1)), Trust.NONE));

    assertThat(proxy.names()).containsExactly(List.of("default"));
    assertThat(listener.heard()).containsExactly("opened by web-1", "sent [default]");
  }

  // SC-6, ISTIO-96: update empty. Istio ends the stream; a proxy keeps its secret either way
  // (EF-6), and a herd that comes back is no help to a CA that cannot sign (SDS-7).
  @Test
  void change_sourceRunsDry_streamStaysOpenAndSilent() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");
    source.set(WEB_1, Snapshot.EMPTY);

    assertThat(proxy.responses()).hasSize(1);
    assertThat(proxy.isOpen()).isTrue();
  }

  @Test // SDS-6, SC-5
  void request_unknownNameAmongGood_goodIsAnsweredAndUnknownToldOnce() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("file-cert:x", "default");
    proxy.acks("file-cert:x", "default");
    source.set(WEB_1, snapshot(2, 1));

    assertThat(proxy.names()).containsExactly(List.of("default"), List.of("default"));
    assertThat(listener.heard()).containsOnlyOnce("missing [file-cert:x]");
    assertThat(proxy.isOpen()).isTrue();
  }

  @Test
  void request_thousandNames_answersTheKnownOne() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks(
        IntStream.rangeClosed(1, 1_000)
            .mapToObj(i -> i == 500 ? "default" : "name-" + i)
            .toArray(String[]::new));

    assertThat(proxy.names()).containsExactly(List.of("default"));
  }

  @Test // SDS-8
  void open_refusedCaller_endsWithItsStatus() {
    callers = () -> refuse(Status.PERMISSION_DENIED.withDescription("nobody"));
    FakeProxy proxy = FakeProxy.open(channel);

    assertThat(proxy.status().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(proxy.status().getDescription()).isEqualTo("nobody");
    assertThat(listener.heard()).isEmpty();
    assertNothingIsLeft();
  }

  @Test // nothing is signed for a peer that asks for nothing
  void open_silentPeer_opensNoFeed() {
    FakeProxy proxy = FakeProxy.open(channel);
    assertThat(source.openFeeds()).isZero();

    proxy.halfCloses();
    assertThat(proxy.status()).isEqualTo(Status.OK);
    assertThat(listener.heard()).isEmpty();
  }

  @Test // SDS-3, SC-14
  void request_nodeOnlyInTheFirst_isKept() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");
    proxy.acks("default");

    assertThat(ledger.subscribers())
        .singleElement()
        .satisfies(standing -> {
          assertThat(standing.who().node()).isEqualTo("web-1");
          assertThat(standing.who().holder()).isEqualTo(WEB_1);
        });
  }

  @Test // SET-7: such a message ends spire-agent
  void request_hostileNode_isHarmless() {
    Node hostile =
        Node.newBuilder()
            .setId("web\r\nlevel=error " + "x".repeat(100_000))
            .setUserAgentBuildVersion(BuildVersion.getDefaultInstance())
            .setMetadata(
                Struct.newBuilder()
                    .putFields(
                        "disable_spiffe_cert_validation",
                        Value.newBuilder().setStructValue(Struct.getDefaultInstance()).build()))
            .build();
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.says(FakeProxy.request("default").setNode(hostile).build());

    assertThat(proxy.names()).containsExactly(List.of("default"));
    assertThat(ledger.subscribers().iterator().next().who().node())
        .startsWith("web??level=error x")
        .hasSize(256);
  }

  @Test // SC-16
  void cancel_openStream_leavesNothing() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");
    proxy.cancels();

    assertNothingIsLeft();
    assertThat(listener.heard()).containsOnlyOnce("closed CANCELLED");
  }

  @Test // SC-16
  void halfClose_openStream_isCompletedAndLeavesNothing() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");
    proxy.halfCloses();

    assertThat(proxy.status()).isEqualTo(Status.OK);
    assertNothingIsLeft();
    assertThat(listener.heard()).containsOnlyOnce("closed OK");
  }

  @Test // SC-16
  void change_slowReader_getsOnlyTheNewest() {
    FakeProxy proxy = FakeProxy.openSlow(channel);
    proxy.reads(1);
    proxy.asks("default");
    IntStream.rangeClosed(2, 9).forEach(number -> source.set(WEB_1, snapshot(number, 1)));
    assertThat(proxy.responses()).hasSize(1);

    proxy.reads(10);

    assertThat(proxy.responses()).hasSize(2);
    assertThat(proxy.last().getVersionInfo()).isEqualTo(svid(WEB, 9).version());
  }

  @Test // SC-16: each of these would be answered
  void request_slowReader_isNotReadAhead() {
    FakeProxy proxy = FakeProxy.openSlow(channel);
    IntStream.range(0, 100).forEach(_ -> proxy.asks("default"));
    assertThat(listener.heard()).containsExactly("opened by web-1", "sent [default]");

    proxy.reads(1_000);

    assertThat(proxy.responses()).hasSize(100);
  }

  @Test // AUTH-6, SC-18
  void until_reached_endsTheStream() {
    callers = () -> new Caller(WEB_1, Optional.of(NOW.plus(Duration.ofHours(1))), Optional.empty());
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");

    time.advance(Duration.ofHours(1).minusSeconds(31));
    assertThat(proxy.isOpen()).isTrue();
    time.advance(Duration.ofSeconds(31));

    assertThat(proxy.status().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertNothingIsLeft();
  }

  @Test // a timer stands still while the machine is suspended, and a proof does not
  void until_passedWhileSuspended_endsTheStreamWithinAMinute() {
    callers = () -> new Caller(WEB_1, Optional.of(NOW.plus(Duration.ofHours(1))), Optional.empty());
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");

    time.set(NOW.plus(Duration.ofHours(2)));
    time.advance(Duration.ofMinutes(1));

    assertThat(proxy.status().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertNothingIsLeft();
  }

  @Test // a flood of short streams must not pile up timers
  void until_streamEndsEarlier_timerIsCancelled() {
    callers = () -> new Caller(WEB_1, Optional.of(NOW.plus(Duration.ofHours(1))), Optional.empty());
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.cancels();

    assertThat(time.isIdle()).isTrue();
  }

  // SDS-12, SC-8, ISTIO-96: reconnect. It names the version that it would be sent, and is sent it.
  @Test
  void reconnect_whenTheOldStreamIsClosed_isAnsweredThoughUnchanged() {
    FakeProxy old = FakeProxy.open(channel);
    old.asks("default");
    old.acks("default");
    old.cancels();
    FakeProxy young = reconnect(old);

    assertThat(young.last().getVersionInfo()).isEqualTo(old.last().getVersionInfo());
    assertThat(ledger.subscribers()).hasSize(1);
  }

  @Test // SC-8, ISTIO-96: concurrent reconnect
  void reconnect_whileTheOldStreamIsOpen_bothAreServed() {
    FakeProxy old = FakeProxy.open(channel);
    old.asks("default");
    FakeProxy young = reconnect(old);
    source.set(WEB_1, snapshot(2, 1));

    assertThat(old.responses()).hasSize(2);
    assertThat(young.responses()).hasSize(2);
    assertThat(young.last().getNonce()).isNotEqualTo(old.last().getNonce());
  }

  private FakeProxy reconnect(FakeProxy old) {
    FakeProxy young = FakeProxy.open(channel);
    young.says(
        FakeProxy.request("default")
            .setResponseNonce(old.last().getNonce())
            .setVersionInfo(old.last().getVersionInfo())
            .build());
    return young;
  }

  @Test // as when the server stops
  void call_closedUnderneath_nothingIsLeft() {
    callers = () -> new Caller(WEB_1, Optional.of(NOW.plus(Duration.ofHours(1))), Optional.empty());
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");

    call.close(Status.UNAVAILABLE);

    assertThat(proxy.status().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertNothingIsLeft();
  }

  @Test // SDS-5, SDS-6
  void send_unfitSecret_othersAreSentAndItIsNeverAcknowledged() {
    var unfit = svid(WEB, 1);
    unfit.privateKey().destroy();
    source.set(WEB_1, new Snapshot(List.of(unfit), Trust.of(anchors(EXAMPLE, 1))));
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default", "ROOTCA");
    proxy.acks("default", "ROOTCA");

    assertThat(proxy.names()).containsExactly(List.of("ROOTCA"));
    assertThat(everyoneHas(ledger, "ROOTCA", bundle(EXAMPLE, 1).version())).isTrue();
    assertThat(everyoneHas(ledger, "default", unfit.version())).isFalse();
    assertThat(listener.heard()).contains("withheld default: secret already destroyed");

    source.set(WEB_1, snapshot(2, 1));
    assertThat(proxy.names().getLast()).containsExactly("default");
  }

  @Test // SDS-10, SDS-14: nobody has seen the nonce of a response that was withheld as a whole
  void send_onlyUnfitSecret_nextRequestIsHeard() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");
    proxy.acks("default");
    var unfit = svid(WEB, 2);
    unfit.privateKey().destroy();
    source.set(WEB_1, new Snapshot(List.of(unfit), Trust.of(anchors(EXAMPLE, 1))));

    proxy.acks("default", "ROOTCA");

    assertThat(proxy.names()).containsExactly(List.of("default"), List.of("ROOTCA"));
  }

  @Test // the names are kept while the stream is open
  void request_tooManyNames_refused() {
    String[] names = IntStream.range(0, 1_001).mapToObj(i -> "name-" + i).toArray(String[]::new);
    FakeProxy most = FakeProxy.open(channel);
    most.asks(Arrays.copyOf(names, 1_000));
    assertThat(most.isOpen()).isTrue();

    FakeProxy more = FakeProxy.open(channel);
    more.asks(names);

    assertThat(more.status().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(more.status().getDescription())
        .isEqualTo("resource_names: 1001 (expected: at most 1000)");
  }

  @Test // the names are kept while the stream is open, however long they are
  void request_tooLongName_refusedOnEachWay() {
    String name = "spiffe://" + "x".repeat(2_040);
    String expected = "resource name of 2049 characters (expected: at most 2048)";
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks(name);
    FakeDeltaProxy delta = FakeDeltaProxy.open(channel);
    delta.subscribes(name);

    assertThat(proxy.status().getDescription()).isEqualTo(expected);
    assertThat(delta.status().getDescription()).isEqualTo(expected);
    assertThat(failure(FakeProxy.request(name))).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(listener.heard()).isEmpty();
  }

  @Test // AUTH-6: a bug in attestation must not keep a stream open beyond its proof
  void recheck_attestorFails_proofStillEnds() {
    callers =
        () ->
            new Caller(
                WEB_1,
                Optional.of(NOW.plus(Duration.ofHours(1))),
                Optional.of(() -> {
                  throw new IllegalStateException("bug");
                }));
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");

    time.advance(RECHECK);
    assertThat(proxy.isOpen()).isTrue();
    time.advance(Duration.ofHours(1));

    assertThat(proxy.status().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
  }

  @Test // SDS-7: it comes in a moment, and nobody has to look at it
  void request_secretStillBeingMade_isNotToldMissing() {
    source.set(
        WEB_1,
        new Snapshot(List.of(), Set.of(WEB), Trust.of(anchors(EXAMPLE, 1)), Optional.empty()));
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default", "nobody");

    assertThat(listener.heard()).contains("missing [nobody]").doesNotContain("missing [default]");
  }

  @Test // SDS-6: two lists in turns must not fill the log
  void request_missingNamesInTurns_eachIsToldOnce() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default", "one");
    proxy.acks("default", "other");
    proxy.acks("default", "one");
    proxy.acks("default", "other");

    assertThat(listener.heard().stream().filter(heard -> heard.startsWith("missing")))
        .containsExactly("missing [one]", "missing [other]");
  }

  @Test
  void tell_throwingListener_streamGoesOn() {
    listener.startThrowing();
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");
    proxy.acks("default");
    source.set(WEB_1, snapshot(2, 1));
    assertThat(proxy.responses()).hasSize(2);

    proxy.cancels();
    assertNothingIsLeft();
  }

  @Test
  void request_failingSource_endsThisStreamOnly() {
    FakeProxy healthy = FakeProxy.open(channel);
    healthy.asks("default");
    source.fail();
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");
    source.set(WEB_1, snapshot(2, 1));

    assertThat(proxy.status().getCode()).isEqualTo(Status.Code.INTERNAL);
    assertThat(proxy.status().getDescription()).isEqualTo("internal error");
    assertThat(healthy.responses()).hasSize(2);
  }

  @Test // SC-18, SDS-8: its pod is gone
  void recheck_callerNoLongerProven_endsTheStreamAndNothingIsPushed() {
    callers = proven(() -> refuse(Status.UNAUTHENTICATED));
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");
    assertThat(proxy.isOpen()).isTrue();

    time.advance(RECHECK);
    source.set(WEB_1, snapshot(2, 1));

    assertThat(proxy.status().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(proxy.responses()).hasSize(1);
    assertNothingIsLeft();
  }

  @Test // what was proved for another is no proof for this one
  void recheck_anotherHolder_endsTheStream() {
    callers = proven(() -> new Caller(CART_1, Optional.empty(), Optional.empty()));
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");
    time.advance(RECHECK);

    assertThat(proxy.status().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
  }

  @Test // SDS-8: an API server that is away takes no stream with it
  void recheck_undecided_streamGoesOnAndIsAskedAgain() {
    var asked = new AtomicInteger();
    callers =
        proven(() -> {
          asked.incrementAndGet();
          return refuse(Status.UNAVAILABLE);
        });
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");

    time.advance(RECHECK);
    time.advance(RECHECK);

    assertThat(proxy.isOpen()).isTrue();
    assertThat(asked.get()).isGreaterThanOrEqualTo(2);
  }

  @Test // SC-18: the entitlement is withdrawn
  void withdrawn_openStream_endsWithPermissionDenied() {
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.asks("default");
    source.withdraw(WEB_1);

    assertThat(proxy.status().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertNothingIsLeft();
  }

  @Test // SC-14, NAME-7: the node of the first message counts to the end
  void node_onlyInTheFirst_keepsTheForm() {
    Node optsOut =
        Node.newBuilder()
            .setId("old")
            .setMetadata(
                Struct.newBuilder()
                    .putFields(
                        "disable_spiffe_cert_validation",
                        Value.newBuilder().setBoolValue(true).build()))
            .build();
    FakeProxy proxy = FakeProxy.open(channel);
    proxy.says(FakeProxy.request("ROOTCA", "ALL").setNode(optsOut).build());
    assertThat(proxy.names()).containsExactly(List.of("ROOTCA"));

    proxy.says(
        FakeProxy.request("ROOTCA", "ALL")
            .setNode(Node.newBuilder().setId("young"))
            .setResponseNonce(proxy.last().getNonce())
            .build());

    assertThat(proxy.responses()).hasSize(1);
  }

  @Test // what an operator sees of a peer that does not read
  void ledger_slowReader_isUnsent() {
    FakeProxy proxy = FakeProxy.openSlow(channel);
    proxy.reads(1);
    proxy.asks("default");
    source.set(WEB_1, snapshot(2, 1));

    assertThat(ledger.subscribers())
        .singleElement()
        .satisfies(standing -> {
          assertThat(standing.isBehind()).isTrue();
          assertThat(standing.secrets().values())
              .extracting(Holding::condition)
              .containsExactly(Condition.UNSENT);
        });
  }

  @Test // SDS-22
  void fetch_knownAndUnknown_answersTheKnown() throws Exception {
    DiscoveryResponse answer =
        blocking().fetchSecrets(FakeProxy.request("default", "nobody").build());

    assertThat(answer.getResourcesList()).hasSize(1);
    assertThat(answer.getTypeUrl()).isEqualTo(SecretEncoder.TYPE_URL);
    assertThat(answer.getVersionInfo()).isEqualTo(svid(WEB, 1).version());
    assertNothingIsLeft();
  }

  @Test // SDS-22
  void fetch_onlyUnknown_isNotFound() {
    assertThat(failure(FakeProxy.request("nobody"))).isEqualTo(Status.Code.NOT_FOUND);
    assertNothingIsLeft();
  }

  @Test // SDS-1, SDS-8
  void fetch_badRequestOrCaller_isRefused() {
    assertThat(failure(FakeProxy.request("default").setTypeUrl("type.googleapis.com/Cluster")))
        .isEqualTo(Status.Code.INVALID_ARGUMENT);
    callers = () -> refuse(Status.UNAUTHENTICATED);
    assertThat(failure(FakeProxy.request("default"))).isEqualTo(Status.Code.UNAUTHENTICATED);
  }

  @Test // SDS-7: what is still being made is waited for
  void fetch_beforeTheFirstIdentity_waitsForIt() {
    callers = () -> new Caller(CART_1, Optional.empty(), Optional.empty());
    var answer =
        SecretDiscoveryServiceGrpc.newFutureStub(channel)
            .fetchSecrets(FakeProxy.request("default").build());
    assertThat(answer.isDone()).isFalse();

    source.set(CART_1, new Snapshot(List.of(svid(CART, 1)), Trust.NONE));

    assertThat(Futures.getUnchecked(answer).getResourcesCount()).isOne();
    assertNothingIsLeft();
  }

  @Test // SDS-7
  void fetch_identityDoesNotCome_isUnavailable() {
    callers = () -> new Caller(CART_1, Optional.empty(), Optional.empty());
    var answer =
        SecretDiscoveryServiceGrpc.newFutureStub(channel)
            .fetchSecrets(FakeProxy.request("default").build());

    time.advance(Duration.ofSeconds(10));

    assertThatThrownBy(() -> Futures.getUnchecked(answer))
        .extracting(error -> Status.fromThrowable(error).getCode())
        .isEqualTo(Status.Code.UNAVAILABLE);
    assertNothingIsLeft();
  }

  @Test
  void fetch_cancelled_leavesNothing() {
    callers = () -> new Caller(CART_1, Optional.empty(), Optional.empty());
    var answer =
        SecretDiscoveryServiceGrpc.newFutureStub(channel)
            .fetchSecrets(FakeProxy.request("default").build());

    answer.cancel(true);

    assertNothingIsLeft();
  }

  @Test // SDS-17 to SDS-21
  void delta_knownAndUnknown_areAnsweredByVersionAndRemoval() {
    FakeDeltaProxy proxy = FakeDeltaProxy.open(channel);
    proxy.subscribes("default", "nobody");

    DeltaDiscoveryResponse answer = proxy.last();
    assertThat(answer.getTypeUrl()).isEqualTo(SecretEncoder.TYPE_URL);
    assertThat(answer.getRemovedResourcesList()).containsExactly("nobody");
    assertThat(answer.getResourcesList())
        .singleElement()
        .satisfies(resource -> {
          assertThat(resource.getName()).isEqualTo("default");
          assertThat(resource.getVersion()).isEqualTo(svid(WEB, 1).version());
          assertThat(resource.hasTtl()).isFalse();
        });
    proxy.acks();
    assertThat(everyoneHas(ledger, "default", svid(WEB, 1).version())).isTrue();
  }

  @Test // SC-7, SC-10
  void delta_changeAndNack_areAsOnOtherStreams() {
    FakeDeltaProxy proxy = FakeDeltaProxy.open(channel);
    proxy.subscribes("default");
    proxy.acks();
    source.set(WEB_1, snapshot(1, 2));
    assertThat(proxy.responses()).hasSize(1);
    source.set(WEB_1, snapshot(2, 2));
    assertThat(proxy.responses()).hasSize(2);
    proxy.nacks("bad key");

    assertThat(listener.heard()).last().isEqualTo("nacked [default]: bad key");
    assertThat(proxy.responses()).hasSize(2);
  }

  @Test // the names are kept while the stream is open
  void delta_tooManyNamesInAll_refused() {
    FakeDeltaProxy proxy = FakeDeltaProxy.open(channel);
    for (int part = 0; part < 2; part++) {
      int number = part;
      proxy.subscribes(
          IntStream.range(0, 501).mapToObj(i -> number + "-" + i).toArray(String[]::new));
    }

    assertThat(proxy.status().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(proxy.status().getDescription())
        .isEqualTo("resource_names: 1002 (expected: at most 1000)");
    assertNothingIsLeft();
  }

  @Test // SDS-8
  void delta_refusedCaller_endsWithItsStatus() {
    callers = () -> refuse(Status.PERMISSION_DENIED);

    assertThat(FakeDeltaProxy.open(channel).status().getCode())
        .isEqualTo(Status.Code.PERMISSION_DENIED);
  }

  private SecretDiscoveryServiceGrpc.SecretDiscoveryServiceBlockingStub blocking() {
    return SecretDiscoveryServiceGrpc.newBlockingStub(channel);
  }

  private Status.Code failure(DiscoveryRequest.Builder request) {
    try {
      var _ = blocking().fetchSecrets(request.build());
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  private static Callers proven(Callers again) {
    return () -> new Caller(WEB_1, Optional.empty(), Optional.of(again));
  }

  private static Caller refuse(Status status) throws StatusException {
    throw status.asException();
  }

  private void assertNothingIsLeft() {
    assertThat(source.openFeeds()).isZero();
    assertThat(ledger.subscribers()).isEmpty();
    assertThat(time.isIdle()).isTrue();
  }
}

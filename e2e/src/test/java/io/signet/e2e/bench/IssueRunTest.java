package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.hsm.KeyAlgorithm;
import io.signet.spiffe.SpiffeId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The load generator against a server that is not Signet. */
class IssueRunTest {

  private static final SpiffeId ID = SpiffeId.parse("spiffe://example.org/ns/bench/sa/load");
  private static final SpiffeId OTHER = SpiffeId.parse("spiffe://example.org/ns/bench/sa/other");
  private static final LoadPlan PLAN = plan(2, Optional.empty());

  @TempDir private Path folder = Path.of("");
  private FakeIstioCa ca;

  @BeforeEach
  void start() throws IOException {
    ca = FakeIstioCa.start(ID);
  }

  @AfterEach
  void stop() {
    ca.close();
  }

  private static LoadPlan plan(int connections, Optional<Rate> rate) {
    return new LoadPlan(connections, 4, rate, Duration.ZERO, Duration.ofMillis(500));
  }

  private IssueRun run(SpiffeId asked) throws IOException {
    return run(asked, PLAN);
  }

  private IssueRun run(SpiffeId asked, LoadPlan plan) throws IOException {
    return new IssueRun(ca.target(folder), plan, CsrPool.make(asked, KeyAlgorithm.EC_P256, 3));
  }

  @Test
  void measure_serverThatIssues_figuresAndVerifiedSample() throws Exception {
    IssueRun.Result result = run(ID).measure();

    assertThat(result.tally().succeeded()).isPositive();
    assertThat(result.tally().failures()).isEmpty();
    assertThat(result.verified()).isPositive();
    assertThat(result.cpuMicros()).hasValueSatisfying(micros -> assertThat(micros).isPositive());
    assertThat(ca.connections()).isEqualTo(PLAN.connections());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 20})
  void measure_noOpenConnections_oneForEachCall(int rate) throws Exception {
    LoadPlan plan = plan(0, Optional.of(rate).filter(r -> r > 0).map(Rate::new));
    IssueRun.Result result = run(ID, plan).measure();

    assertThat(result.tally().failures()).isEmpty();
    assertThat(ca.connections()).isEqualTo((int) result.tally().succeeded());
    assertThat(plan.describe()).contains("a connection for each call");
  }

  @Test
  void measure_chainsOfOneElement_refused() throws IOException {
    ca.answerElements(1);

    assertThatThrownBy(() -> run(ID).measure())
        .isInstanceOf(BenchException.class)
        .hasMessageContaining("chain of 1");
  }

  @Test
  void verify_otherIdentityThanExpected_refused() throws Exception {
    CsrPool csrs = CsrPool.make(ID, KeyAlgorithm.EC_P256, 1);
    try (CertificateClient client = CertificateClient.connect(ca.target(folder), csrs, 1)) {
      client.make(0, 0, new Tally(0));

      ChainVerifier verifier = ChainVerifier.of(folder.resolve("ca.pem"), OTHER);

      assertThatThrownBy(() -> verifier.verify(client.samples().getFirst()))
          .hasMessageContaining(OTHER.toString());
    }
  }

  @Test
  void report_ofAnOverload_goodputOfBothParts() throws Exception {
    IssueRun.Result half = new IssueRun.Result(tally(50), Optional.empty(), Optional.empty(), 0);
    IssueRun.Result whole = new IssueRun.Result(tally(100), Optional.empty(), Optional.empty(), 0);
    OverloadReport report =
        new OverloadReport(Machine.here("signet bench overload"), new Rate(500), whole, half);

    assertThat(report.goodput()).isEqualTo(0.5);
    assertThat(report.table()).contains("goodput", "50 %", "500/s", "UNAVAILABLE=1");
    assertThat(Json.of(report.fields())).contains("goodput", "refusal-millis", "overloaded");
  }

  private static Tally tally(int succeeded) {
    Tally tally = new Tally(0);
    for (int i = 0; i < succeeded; i++) {
      tally.succeeded(1_000_000, 1);
    }
    tally.failed("UNAVAILABLE", 100_000);
    return tally.ended(1_000_000_000);
  }

  @Test
  void idleConnections_opened_greetedAndKept() throws Exception {
    Target target = ca.target(folder);
    try (IdleConnections idle = new IdleConnections(target.address(), target.caFile())) {
      idle.open(60);

      assertThat(idle.count()).isEqualTo(60);
    }
  }

  @Test
  void report_ofIdleConnections_memoryForEach() throws Exception {
    var before = new ConnectionsReport.Server(1024, new ProcessUsage(0, 0, 30));
    var with = new ConnectionsReport.Server(1024 + 10 * 2048, new ProcessUsage(0, 0, 31));
    ConnectionsReport report =
        new ConnectionsReport(
            Machine.here("signet bench connections"),
            10,
            Duration.ofSeconds(1),
            before,
            with,
            tally(1),
            tally(1));

    assertThat(report.table()).contains("with 10", "2.0 KiB", "31");
    assertThat(Json.of(report.fields())).contains("\"kibibytes-for-each\" : 2.0");
  }

  @Test
  void report_ofAResult_tableAndFieldsAgree() throws Exception {
    IssueReport report =
        new IssueReport(
            Machine.here("signet bench issue"),
            new OpensslSpeed(50_000, 20_000),
            PLAN,
            run(ID).measure());

    assertThat(report.table()).contains("certificates/s", "p99.9", "server CPU/certificate");
    assertThat(Json.of(report.fields())).contains("certificates-per-second", "p99.9", "ratio");
  }
}

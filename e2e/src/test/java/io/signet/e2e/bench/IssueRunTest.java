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

/** The load generator against a server that is not Signet. */
class IssueRunTest {

  private static final SpiffeId ID = SpiffeId.parse("spiffe://example.org/ns/bench/sa/load");
  private static final SpiffeId OTHER = SpiffeId.parse("spiffe://example.org/ns/bench/sa/other");
  private static final LoadPlan PLAN =
      new LoadPlan(2, 4, Optional.empty(), Duration.ZERO, Duration.ofMillis(500));

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

  private IssueRun run(SpiffeId asked) throws IOException {
    return new IssueRun(ca.target(folder), PLAN, CsrPool.make(asked, KeyAlgorithm.EC_P256, 3));
  }

  @Test
  void measure_serverThatIssues_figuresAndVerifiedSample() throws Exception {
    IssueRun.Result result = run(ID).measure();

    assertThat(result.tally().succeeded()).isPositive();
    assertThat(result.tally().failures()).isEmpty();
    assertThat(result.verified()).isPositive();
    assertThat(result.cpuMicros()).hasValueSatisfying(micros -> assertThat(micros).isPositive());
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

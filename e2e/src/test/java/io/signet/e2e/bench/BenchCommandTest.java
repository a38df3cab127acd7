package io.signet.e2e.bench;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class BenchCommandTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return BenchCommand.commandLine()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }

  private static LoadPlan planOf(String... args) {
    CommandLine bench = BenchCommand.commandLine();
    bench.parseArgs(Stream.concat(Stream.of("issue"), Stream.of(args)).toArray(String[]::new));
    IssueCommand issue = requireNonNull(bench.getSubcommands().get("issue")).getCommand();
    return issue.plan();
  }

  @Test
  void run_noSubcommand_help() {
    assertThat(run()).isZero();
    assertThat(out.toString())
        .contains(
            "connections",
            "custody",
            "failover",
            "issue",
            "overload",
            "rotation",
            "sds",
            "start",
            "steps");
  }

  @Test
  void plan_noOptions_defaults() {
    assertThat(planOf())
        .isEqualTo(
            new LoadPlan(4, 32, Optional.empty(), Duration.ofSeconds(10), Duration.ofSeconds(20)));
  }

  @Test
  void plan_allOptions_taken() {
    assertThat(
            planOf("--connections", "2", "--rate", "500/s", "--warmup", "1s", "--duration", "1m"))
        .isEqualTo(
            new LoadPlan(
                2, 32, Optional.of(new Rate(500)), Duration.ofSeconds(1), Duration.ofMinutes(1)));
  }

  private static SdsPlan sdsPlanOf(String... args) {
    CommandLine bench = BenchCommand.commandLine();
    bench.parseArgs(Stream.concat(Stream.of("sds"), Stream.of(args)).toArray(String[]::new));
    SdsCommand sds = requireNonNull(bench.getSubcommands().get("sds")).getCommand();
    return sds.plan();
  }

  @Test
  void sdsPlan_noOptions_defaults() {
    assertThat(sdsPlanOf())
        .isEqualTo(
            new SdsPlan(
                1_000,
                false,
                new ProxyFleet.Pace(256, Optional.empty()),
                Duration.ofHours(1),
                "ALL",
                Optional.empty(),
                new Rate(5)));
  }

  @Test
  void sdsPlan_burst_asManyAtOnceAsThereAre() {
    SdsPlan plan = sdsPlanOf("--subscribers", "20,400", "--subscribers", "30", "--burst", "--tls");

    assertThat(plan.pace()).isEqualTo(new ProxyFleet.Pace(400, Optional.empty()));
    assertThat(plan.tls()).isTrue();
  }

  @Test
  void sdsPlan_renewals_lifetimeInWhichAllAreRenewedMeanwhile() {
    assertThat(sdsPlanOf("--renewals", "2m").lifetime()).isEqualTo(Duration.ofMinutes(4));
    assertThat(sdsPlanOf("--renewals", "2m", "--lifetime", "1m").lifetime())
        .isEqualTo(Duration.ofMinutes(1));
  }

  private static RotationPlan rotationPlanOf(String... args) {
    CommandLine bench = BenchCommand.commandLine();
    bench.parseArgs(Stream.concat(Stream.of("rotation"), Stream.of(args)).toArray(String[]::new));
    RotationCommand rotation = requireNonNull(bench.getSubcommands().get("rotation")).getCommand();
    return rotation.plan();
  }

  @Test
  void rotationPlan_noOptions_defaults() {
    assertThat(rotationPlanOf())
        .isEqualTo(
            new RotationPlan(
                10_000,
                SdsApi.SOTW,
                Duration.ofMinutes(10),
                Duration.ofMinutes(1),
                Duration.ofMinutes(2),
                new Rate(20),
                Duration.ofMinutes(1),
                Duration.ofHours(1)));
  }

  @Test
  void rotationPlan_delta_asksByDelta() {
    assertThat(rotationPlanOf("--delta").api()).isEqualTo(SdsApi.DELTA);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ALL", "spiffe://other.example"})
  void sdsPlan_bundlesOfOthers_serverIsFederated(String name) {
    assertThat(sdsPlanOf("--bundle-name", name).isFederated()).isTrue();
    assertThat(sdsPlanOf("--bundle-name", "ROOTCA").isFederated()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"connections", "failover", "issue", "overload", "rotation", "sds"})
  void help_commandsWithAServerOfTheirOwn_sayHowItIsStarted(String command) {
    assertThat(run(command, "--help")).isZero();
    assertThat(out.toString())
        .contains("--launcher=FILE", "--java-option=OPTION", "for the JVM of the own server");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "connections",
        "custody",
        "failover",
        "issue",
        "overload",
        "rotation",
        "sds",
        "start",
        "steps"
      })
  void help_everyCommand_saysHowItReports(String command) {
    assertThat(run(command, "--help")).isZero();
    assertThat(out.toString()).contains("--output=table|json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "issue --connections -1",
        "issue --callers 0",
        "issue --csrs 0",
        "issue --rate 0",
        "issue --key dsa",
        "issue --duration soon",
        "issue --address localhost:1 --identity http://example.org/web",
        "start --runs 0",
        "overload --times 0",
        "overload --callers 0",
        "connections --count 0",
        "sds --subscribers 0",
        "sds --subscribers many",
        "sds --tls --unix",
        "sds --burst --rate 5",
        "sds --lifetime 9s",
        "sds --renewals 9s",
        "sds --newcomers 0",
        "sds --warmup 0",
        "rotation --subscribers 1",
        "rotation --ttl 9s",
        "rotation --client-ttl 9s",
        "rotation --ttl 1m --client-ttl 2m",
        "rotation --steady 0s",
        "rotation --rate 0",
        "failover --runs 0",
        "custody --rounds -1",
        "custody --runs -1",
        "custody --duration 0s",
        "walk"
      })
  void run_wrongUsage_twoAndWhy(String line) {
    assertThat(run(line.split(" "))).isEqualTo(2);
    assertThat(err.toString()).isNotBlank();
  }

  @Test
  void run_fileThatIsNotThere_oneAndOneLine() {
    assertThat(
            run(
                "issue",
                "--address=localhost:1",
                "--identity=spiffe://example.org/web",
                "--ca-file=no-ca.pem",
                "--token-file=no-token"))
        .isEqualTo(1);
    assertThat(err.toString()).startsWith("signet bench: no-token: not there").hasLineCount(1);
  }
}

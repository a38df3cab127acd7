package io.signet.e2e.bench;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** One measurement of issuance: warm up, measure, and only then verify what came. */
final class IssueRun {

  /**
   * What was measured.
   *
   * @param cpuMicros of the server for each certificate; empty when its process is not known
   * @param atEnd what the server used at the end
   * @param verified how many answers were held against the CA file
   */
  record Result(
      Tally tally, Optional<Double> cpuMicros, Optional<ProcessUsage> atEnd, int verified) {}

  private final Target target;
  private final LoadPlan plan;
  private final CsrPool csrs;

  IssueRun(Target target, LoadPlan plan, CsrPool csrs) {
    this.target = target;
    this.plan = plan;
    this.csrs = csrs;
  }

  Result measure() throws BenchException, IOException {
    try (CertificateClient client = CertificateClient.connect(target, csrs, plan.connections())) {
      if (plan.warmup().isPositive()) {
        requireAnswers(LoadGenerator.run(plan, plan.warmup(), client));
      }
      Optional<ProcessUsage> before = target.usage();
      Tally tally = LoadGenerator.run(plan, plan.duration(), client);
      Optional<ProcessUsage> after = target.usage();
      requireAnswers(tally);
      return new Result(tally, cpu(before, after, tally), after, verified(client.samples()));
    }
  }

  private static void requireAnswers(Tally tally) throws BenchException {
    if (tally.succeeded() == 0) {
      throw new BenchException("no certificate was issued: " + tally.failures());
    }
  }

  private static Optional<Double> cpu(
      Optional<ProcessUsage> before, Optional<ProcessUsage> after, Tally tally) {
    return after.flatMap(end -> before.map(start -> end.cpuMicrosSince(start) / tally.succeeded()));
  }

  private int verified(List<CertificateClient.Sample> samples) throws BenchException, IOException {
    ChainVerifier verifier = ChainVerifier.of(target.caFile(), target.identity());
    for (CertificateClient.Sample sample : samples) {
      verifier.verify(sample);
    }
    return samples.size();
  }
}

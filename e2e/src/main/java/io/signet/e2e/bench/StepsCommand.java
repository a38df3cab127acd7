package io.signet.e2e.bench;

import io.signet.e2e.bench.jmh.IssuanceSteps;
import io.signet.e2e.bench.jmh.ProcessCpu;
import java.io.IOException;
import java.util.Collection;
import java.util.concurrent.Callable;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code signet bench steps}: what each step of an issuance costs by itself. */
@Command(
    name = "steps",
    mixinStandardHelpOptions = true,
    description = "Measures the steps of an issuance one by one, without a network.")
final class StepsCommand implements Callable<Integer> {

  @Mixin private ReportOptions reports = new ReportOptions();

  @Parameters(
      arity = "0..1",
      paramLabel = "PATTERN",
      description = "only the steps whose name it matches, such as ledger")
  private String pattern = "";

  @Override
  public Integer call() throws BenchException, IOException {
    Machine machine = Machine.here(("signet bench steps " + pattern).strip());
    reports.print(new StepsReport(machine, run()));
    return 0;
  }

  private Collection<RunResult> run() throws BenchException {
    try {
      return new Runner(
              new OptionsBuilder()
                  .include(IssuanceSteps.class.getSimpleName() + "\\..*" + pattern + ".*")
                  .forks(1)
                  .warmupIterations(3)
                  .warmupTime(TimeValue.seconds(1))
                  .measurementIterations(5)
                  .measurementTime(TimeValue.seconds(1))
                  .addProfiler(ProcessCpu.class)
                  .shouldFailOnError(true)
                  .verbosity(VerboseMode.SILENT)
                  .build())
          .run();
    } catch (RunnerException e) {
      throw new BenchException("the steps cannot be measured: " + e.getMessage(), e);
    }
  }
}

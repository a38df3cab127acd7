package io.signet.e2e.bench;

import io.signet.ca.cli.OutputFormat;
import io.signet.ca.cli.Table;
import io.signet.e2e.bench.jmh.IssuanceSteps;
import io.signet.e2e.bench.jmh.ProcessCpu;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code signet bench steps}: what each step of an issuance costs by itself. */
@Command(
    name = "steps",
    mixinStandardHelpOptions = true,
    description = "Measures the steps of an issuance one by one, without a network.")
final class StepsCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      arity = "0..1",
      paramLabel = "PATTERN",
      description = "only the steps whose name it matches, such as ledger")
  private String pattern = "";

  @Option(names = "--output", paramLabel = "table|json", description = "default: table")
  private OutputFormat output = OutputFormat.TABLE;

  @Override
  public Integer call() throws BenchException, IOException {
    Machine machine = Machine.here(("signet bench steps " + pattern).strip());
    Collection<RunResult> results = run();
    spec.commandLine()
        .getOut()
        .println(output == OutputFormat.JSON ? json(machine, results) : table(machine, results));
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

  private static String table(Machine machine, Collection<RunResult> results) {
    Table head = new Table();
    machine.addTo(head);
    Table table = new Table().row("step", "score", "± (99.9 %)", "unit", "CPU µs/op");
    for (RunResult result : results) {
      Result<?> score = result.getPrimaryResult();
      table.row(
          score.getLabel(),
          number(score.getScore()),
          number(score.getScoreError()),
          score.getScoreUnit(),
          number(cpu(result)));
    }
    return head + System.lineSeparator() + table;
  }

  private static double cpu(RunResult result) {
    return Objects.requireNonNull(result.getSecondaryResults().get(ProcessCpu.LABEL)).getScore();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%,.1f", value);
  }

  private static String json(Machine machine, Collection<RunResult> results) {
    Map<String, Object> fields = new LinkedHashMap<>(machine.fields());
    List<Map<String, Object>> steps = results.stream().map(StepsCommand::fields).toList();
    fields.put("steps", steps);
    return Json.of(fields);
  }

  private static Map<String, Object> fields(RunResult result) {
    Result<?> score = result.getPrimaryResult();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("step", score.getLabel());
    fields.put("score", score.getScore());
    fields.put("error", score.getScoreError());
    fields.put("unit", score.getScoreUnit());
    fields.put("cpu", cpu(result));
    return fields;
  }
}

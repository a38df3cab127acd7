package io.signet.e2e.bench;

import io.signet.ca.cli.Table;
import io.signet.e2e.bench.jmh.ProcessCpu;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/** What each step of an issuance costs by itself. */
record StepsReport(Machine machine, Collection<RunResult> results) implements Report {

  @Override
  public String table() {
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

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>(machine.fields());
    List<Map<String, Object>> steps = results.stream().map(StepsReport::fields).toList();
    fields.put("steps", steps);
    return fields;
  }

  private static double cpu(RunResult result) {
    return Objects.requireNonNull(result.getSecondaryResults().get(ProcessCpu.LABEL)).getScore();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%,.1f", value);
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

package io.signet.e2e.bench;

import io.signet.ca.cli.Table;
import io.signet.e2e.bench.CustodyFigures.Recovery;
import io.signet.e2e.bench.CustodyFigures.Speed;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** The figures of {@code bench custody}. */
record CustodyReport(
    Machine machine, String loadAfter, OpensslSpeed openssl, CustodyFigures figures)
    implements Report {

  /**
   * What so many callers got by one way, all rounds; medians.
   *
   * @param ratio of ours to this in the same round
   */
  record Line(
      String custodian,
      String by,
      int callers,
      double perSecond,
      double p50Millis,
      double p99Millis,
      double ratio) {}

  /** One line for each way and number of callers, as they were measured first. */
  List<Line> lines() {
    return figures.speeds().stream()
        .map(CustodyReport::sameWay)
        .distinct()
        .map(way -> line(figures.speeds().stream().filter(s -> sameWay(s).equals(way)).toList()))
        .toList();
  }

  private static List<Object> sameWay(Speed speed) {
    return List.of(speed.custodian(), speed.callers(), speed.by());
  }

  private Line line(List<Speed> rounds) {
    Speed first = rounds.getFirst();
    List<Speed> ours =
        figures.speeds().stream()
            .filter(s -> s.by().equals(CustodyFigures.OURS))
            .filter(s -> s.custodian().equals(first.custodian()))
            .filter(s -> s.callers() == first.callers())
            .toList();
    double ratio =
        median(
            IntStream.range(0, rounds.size())
                .mapToDouble(i -> ours.get(i).perSecond() / rounds.get(i).perSecond())
                .toArray());
    return new Line(
        first.custodian(),
        first.by(),
        first.callers(),
        median(rounds, Speed::perSecond),
        median(rounds, Speed::p50Millis),
        median(rounds, Speed::p99Millis),
        ratio);
  }

  private static double median(List<Speed> rounds, ToDoubleFunction<Speed> figure) {
    return median(rounds.stream().mapToDouble(figure).toArray());
  }

  private static double median(double... values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  @Override
  public String table() {
    Table head = new Table();
    machine.addTo(head);
    head.row("load after", loadAfter + " (1 minute)")
        .row("openssl sign", number(openssl.signsPerSecond()) + "/s")
        .row("openssl verify", number(openssl.verifiesPerSecond()) + "/s");
    return String.join(
        System.lineSeparator(),
        head.toString(),
        "",
        speeds().toString(),
        "",
        recoveries().toString());
  }

  private Table speeds() {
    Table table =
        new Table()
            .row("custodian", "callers", "by", "signatures/s", "signet / this", "p50 ms", "p99 ms");
    for (Line line : lines()) {
      table.row(
          line.custodian(),
          Integer.toString(line.callers()),
          line.by(),
          number(line.perSecond()),
          String.format(Locale.ROOT, "%.2f", line.ratio()),
          millis(line.p50Millis()),
          millis(line.p99Millis()));
    }
    return table;
  }

  private Table recoveries() {
    Table table = new Table().row("device", "mishap", "runs", "p50 ms", "max ms");
    for (Recovery recovery : figures.recoveries()) {
      table.row(
          recovery.device(),
          recovery.mishap(),
          Integer.toString(recovery.times().size()),
          millis(recovery.median().toNanos() / 1e6),
          millis(recovery.times().getLast().toNanos() / 1e6));
    }
    return table;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%,.0f", value);
  }

  private static String millis(double value) {
    return Double.isNaN(value)
        ? ""
        : String.format(Locale.ROOT, value < 10 ? "%.2f" : "%,.0f", value);
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>(machine.fields());
    fields.put("load-after", loadAfter);
    fields.put("openssl-signs-per-second", openssl.signsPerSecond());
    fields.put("openssl-verifies-per-second", openssl.verifiesPerSecond());
    fields.put("speeds", lines().stream().map(CustodyReport::fields).toList());
    fields.put("recoveries", figures.recoveries().stream().map(CustodyReport::fields).toList());
    return fields;
  }

  private static Map<String, Object> fields(Line line) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("custodian", line.custodian());
    fields.put("callers", line.callers());
    fields.put("by", line.by());
    fields.put("signatures-per-second", line.perSecond());
    fields.put("ratio", line.ratio());
    return fields;
  }

  private static Map<String, Object> fields(Recovery recovery) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("device", recovery.device());
    fields.put("mishap", recovery.mishap());
    fields.put("nanos", recovery.times().stream().map(Duration::toNanos).toList());
    return fields;
  }
}

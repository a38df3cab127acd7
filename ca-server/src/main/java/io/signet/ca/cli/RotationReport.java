package io.signet.ca.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.signet.ca.config.Durations;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * What a server says of its rotation, as people read it; times count from when the server said it.
 *
 * @param status that of {@code /v1/rotation}
 */
record RotationReport(JsonNode status) {
  private static final String STEADY = "steady";
  private static final List<String> PHASES =
      List.of(STEADY, "prepared", "published", "activated", "retiring");
  private static final List<String> OTHERS = List.of("next", "previous", "doomed");
  private static final int BAR = 30;

  // So that all of it stays on a small screen.
  private static final int MOST_SHOWN = 5;

  String json() {
    return status.toString();
  }

  boolean isSteady() {
    return text("phase").equals(STEADY);
  }

  boolean isAlarming() {
    return !status.path("alarms").isEmpty();
  }

  /** The generation that signs. */
  long active() {
    return status.path("active").path("generation").asLong();
  }

  /** The newest generation that this rotation is about. */
  long newest() {
    return OTHERS.stream()
        .mapToLong(other -> status.path(other).path("generation").asLong())
        .reduce(active(), Math::max);
  }

  /** All of it. */
  String table() {
    return Stream.of(facts(), laggards(), history())
        .filter(part -> !part.isEmpty())
        .collect(Collectors.joining(System.lineSeparator() + System.lineSeparator()));
  }

  private String facts() {
    Table facts = new Table();
    facts.row(
        "phase", "%s since %s (%s)%s".formatted(text("phase"), text("since"), age(), terms()));
    facts.row("signs", generation(status.path("active")));
    OTHERS.stream()
        .filter(status::has)
        .forEach(other -> facts.row(other, generation(status.path(other))));
    facts.row("bundle", "%s, of generation %s".formatted(text("bundle"), trusted()));
    if (!isSteady()) {
      facts.row("progress", bar());
    }
    texts("waits").forEach(wait -> facts.row("waits for", wait));
    if (needsApproval()) {
      facts.row("approval", "is needed: signet rotation approve");
    }
    if (status.has("deadline")) {
      facts.row("deadline", "%s (%s)".formatted(text("deadline"), deadline()));
    }
    if (status.has("next-start")) {
      facts.row("next start", text("next-start"));
    }
    texts("alarms").forEach(alarm -> facts.row("ALARM", alarm));
    return facts.toString();
  }

  /** What changes while somebody looks, on a few lines. */
  List<String> frame() {
    List<String> lines = new ArrayList<>();
    lines.add(path() + terms());
    lines.add(isSteady() ? "generation %d signs, for %s".formatted(active(), age()) : howFar());
    few("waits").forEach(wait -> lines.add("waits for  " + wait));
    if (needsApproval()) {
      lines.add("waits for  a person: signet rotation approve");
    }
    few("alarms").forEach(alarm -> lines.add("ALARM      " + alarm));
    lines.addAll(lagging());
    return lines;
  }

  /** What stands in a log: all that changes but the time. */
  String line() {
    String words =
        Stream.concat(
                texts("waits").stream().map(wait -> "waits for " + wait),
                texts("alarms").stream().map(alarm -> "ALARM " + alarm))
            .collect(Collectors.joining("; "));
    return "%s  %s%s%s%s"
        .formatted(
            text("phase"),
            isSteady() ? "generation " + active() + " signs" : counts(),
            terms(),
            needsApproval() ? "; waits for a person: signet rotation approve" : "",
            words.isEmpty() ? "" : "; " + words);
  }

  /** When the server said it. */
  String at() {
    return text("at");
  }

  private String howFar() {
    String end = status.has("deadline") ? ", deadline " + deadline() : "";
    return "%s  for %s%s".formatted(bar(), age(), end);
  }

  private String path() {
    return PHASES.stream()
        .map(phase ->
            phase.equals(text("phase")) ? "[" + phase.toUpperCase(Locale.ROOT) + "]" : phase)
        .collect(Collectors.joining(" > "));
  }

  private String terms() {
    return Stream.of("compromised", "forced", "approved")
        .filter(term -> status.path(term).asBoolean())
        .map(term -> ", " + term)
        .collect(Collectors.joining());
  }

  private boolean needsApproval() {
    return status.path("approval").asBoolean() && !status.path("approved").asBoolean();
  }

  private String bar() {
    long all = status.path("progress").path("all").asLong();
    long done = all - status.path("progress").path("lagging").asLong();
    int filled = all == 0 ? BAR : Math.clamp(BAR * done / all, 0, BAR);
    return "[%s%s]  %s".formatted("#".repeat(filled), "-".repeat(BAR - filled), counts());
  }

  private String counts() {
    long all = status.path("progress").path("all").asLong();
    long lagging = status.path("progress").path("lagging").asLong();
    return all == 0 ? "nobody to wait for" : "%d of %d are there".formatted(all - lagging, all);
  }

  private List<String> lagging() {
    List<JsonNode> all = nodes(status.path("progress").path("laggards"));
    List<String> lines = new ArrayList<>();
    all.stream().limit(MOST_SHOWN).map(this::laggard).forEach(lines::add);
    long more = status.path("progress").path("lagging").asLong() - lines.size();
    if (more > 0) {
      lines.add("  and %d more".formatted(more));
    }
    return lines;
  }

  private String laggard(JsonNode laggard) {
    return "  %s %s has %s for %s%s"
        .formatted(
            text(laggard, "kind"),
            text(laggard, "name"),
            text(laggard, "has"),
            between(text(laggard, "since"), at()),
            laggard.has("problem") ? ": " + text(laggard, "problem") : "");
  }

  private String laggards() {
    List<JsonNode> all = nodes(status.path("progress").path("laggards"));
    if (all.isEmpty()) {
      return "";
    }
    Table table = new Table().row("LAGGARD", "NAME", "HAS", "SINCE", "PROBLEM");
    all.forEach(one ->
        table.row(
            text(one, "kind"),
            text(one, "name"),
            text(one, "has"),
            text(one, "since"),
            text(one, "problem")));
    long more = status.path("progress").path("lagging").asLong() - all.size();
    return more > 0
        ? table + System.lineSeparator() + "and %d more".formatted(more)
        : table.toString();
  }

  private String history() {
    List<JsonNode> all = nodes(status.path("history"));
    if (all.isEmpty()) {
      return "";
    }
    Table table = new Table().row("STEP", "AT", "BY", "PHASE", "BUNDLE", "REASON");
    all.forEach(one ->
        table.row(
            text(one, "number"),
            text(one, "at"),
            text(one, "by"),
            text(one.path("state"), "phase"),
            text(one.path("state"), "bundle"),
            text(one, "reason")));
    return table.toString();
  }

  private String trusted() {
    return nodes(status.path("trusted")).stream()
        .map(each -> text(each, "generation"))
        .collect(Collectors.joining(" and "));
  }

  private static String generation(JsonNode generation) {
    return "generation %s (%s)"
        .formatted(text(generation, "generation"), text(generation, "label"));
  }

  private String age() {
    return between(text("since"), at());
  }

  private String deadline() {
    Optional<Duration> left = passed(at(), text("deadline"));
    return left.filter(Duration::isNegative).isPresent()
        ? between(text("deadline"), at()) + " ago"
        : "in " + between(at(), text("deadline"));
  }

  private static String between(String from, String to) {
    return passed(from, to)
        .map(passed -> passed.isNegative() ? Duration.ZERO : passed)
        .map(passed -> Durations.format(Duration.ofSeconds(passed.toSeconds())))
        .orElse("?");
  }

  // Of a server that is not of our version, whatever it says.
  private static Optional<Duration> passed(String from, String to) {
    try {
      return Optional.of(Duration.between(Instant.parse(from), Instant.parse(to)));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  private List<String> few(String member) {
    return texts(member).stream().limit(MOST_SHOWN).toList();
  }

  private List<String> texts(String member) {
    return nodes(status.path(member)).stream().map(each -> printable(each.asText())).toList();
  }

  private static List<JsonNode> nodes(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).toList();
  }

  private String text(String member) {
    return text(status, member);
  }

  private static String text(JsonNode of, String member) {
    String text = printable(of.path(member).asText());
    return text.isEmpty() ? "-" : text;
  }

  // Some of it are the words of a peer, which may be anything.
  private static String printable(String text) {
    return text.replaceAll("[^ -~]", "?");
  }
}

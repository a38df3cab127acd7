package io.signet.ca.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;

class RotationWatchTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Deque<Object> answers = new ArrayDeque<>();
  private int pauses;

  private final RotationScreen lines =
      RotationScreen.ofLines(new PrintWriter(out, true), new PrintWriter(err, true));

  private RotationWatch watch(RotationScreen screen) {
    return new RotationWatch(this::next, () -> pauses++, screen);
  }

  private JsonNode next() throws CommandException {
    return switch (answers.remove()) {
      case CommandException e -> throw e;
      case JsonNode status -> status;
      case Object other -> throw new AssertionError(other);
    };
  }

  private static ObjectNode published(int lagging) {
    ObjectNode status = RotationReportTest.json(RotationReportTest.PUBLISHED);
    status.putArray("waits");
    status.putArray("alarms");
    status.withObject("/progress").put("lagging", lagging);
    return status.put("approval", false).put("compromised", false);
  }

  private static ObjectNode steady(int generation) {
    ObjectNode status = RotationReportTest.json(RotationReportTest.STEADY);
    status.withObject("/active").put("generation", generation);
    return status;
  }

  @Test
  void untilSteady_lines_oneForEachChange() throws Exception {
    answers.add(published(8).put("at", "2026-11-23T12:00:01Z"));
    answers.add(published(0).put("at", "2026-11-23T12:00:02Z"));
    answers.add(steady(2));

    boolean done = watch(lines).untilSteady(new RotationReport(published(8)));

    assertThat(done).isTrue();
    assertThat(pauses).isEqualTo(3);
    assertThat(out.toString())
        .isEqualTo(
            """
            2026-11-23T12:00:00Z  published  4 of 12 are there
            2026-11-23T12:00:02Z  published  12 of 12 are there
            2026-11-23T12:00:00Z  steady  generation 2 signs
            """);
  }

  @Test
  void untilSteady_cancelled_false() throws Exception {
    answers.add(steady(1));

    assertThat(watch(lines).untilSteady(new RotationReport(published(8)))).isFalse();
  }

  @Test
  void untilSteady_isSteadyAtOnce_asksNothing() throws Exception {
    assertThat(watch(lines).untilSteady(new RotationReport(steady(2)))).isTrue();
    assertThat(pauses).isZero();
  }

  @Test
  void untilSteady_serverAwayForAWhile_goesOn() throws Exception {
    for (int i = 0; i < 59; i++) {
      answers.add(new CommandException("http://localhost: no answer"));
    }
    answers.add(steady(2));

    assertThat(watch(lines).untilSteady(new RotationReport(published(8)))).isTrue();
    assertThat(err.toString()).isEqualTo("signet: http://localhost: no answer\n");
  }

  @Test
  void untilSteady_serverGone_fails() {
    for (int i = 0; i < 60; i++) {
      answers.add(new CommandException("http://localhost: no answer"));
    }

    assertThatThrownBy(() -> watch(lines).untilSteady(new RotationReport(published(8))))
        .isInstanceOf(CommandException.class)
        .hasMessage("http://localhost: no answer");
  }

  @Test
  void untilSteady_json_wholeStatusForEachChange() throws Exception {
    answers.add(steady(2));
    RotationScreen json =
        RotationScreen.ofJson(new PrintWriter(out, true), new PrintWriter(err, true));

    assertThat(watch(json).untilSteady(new RotationReport(published(8)))).isTrue();

    assertThat(out.toString().lines().map(RotationReportTest::json))
        .containsExactly(published(8), steady(2));
  }

  // ECMA-48: CPL, EL and ED; and DECAWM, which keeps a long line on one.
  @Test
  void untilSteady_terminal_drawnInPlace() throws Exception {
    answers.add(new CommandException("no answer"));
    answers.add(steady(2));
    RotationScreen terminal = RotationScreen.ofTerminal(new PrintWriter(out, true));

    assertThat(watch(terminal).untilSteady(new RotationReport(published(1)))).isTrue();

    String path = "steady > prepared > [PUBLISHED] > activated > retiring<K>\n";
    String bar =
        "[###########################---]  11 of 12 are there  for 1m30s, deadline in 8m30s<K>\n";
    String laggards =
        """
          subscriber spiffe://example.org/web|pod-1 has bundle 1 for 1m29s: bad?[31m root<K>
          client spiffe://example.org/db|#0a has bundle 1 for 1d<K>
        """;
    assertThat(out.toString().replaceAll("\u001b\\[([^a-zA-Z]*[a-zA-Z])", "<$1>"))
        .isEqualTo(
            "<?7l>"
                + path
                + bar
                + laggards
                + "(Ctrl-C stops watching, not the rotation)<K>\n<J><?7h>"
                + "<5F><?7l>"
                + path
                + bar
                + laggards
                + "no answer<K>\n<J><?7h>"
                + "<5F><?7l>[STEADY] > prepared > published > activated > retiring<K>\n"
                + "generation 2 signs, for 1h<K>\n<J><?7h>");
  }
}

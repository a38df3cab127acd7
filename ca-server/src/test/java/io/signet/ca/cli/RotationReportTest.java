package io.signet.ca.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class RotationReportTest {
  static final String STEADY =
      """
      {"at": "2026-11-23T12:00:00Z", "phase": "steady", "since": "2026-11-23T11:00:00Z",
       "active": {"generation": 1, "label": "root-1"}, "bundle": 1,
       "trusted": [{"generation": 1, "label": "root-1"}],
       "approved": false, "forced": false, "compromised": false,
       "waits": [], "progress": {"all": 0, "lagging": 0, "laggards": []},
       "alarms": [], "approval": false, "next-start": "2027-05-23T12:00:00Z", "history": []}
      """;
  static final String PUBLISHED =
      """
      {"at": "2026-11-23T12:00:00Z", "phase": "published", "since": "2026-11-23T11:58:30Z",
       "active": {"generation": 1, "label": "root-1"},
       "next": {"generation": 2, "label": "root-2"}, "bundle": 2,
       "trusted": [{"generation": 1, "label": "root-1"}, {"generation": 2, "label": "root-2"}],
       "approved": false, "forced": false, "compromised": true,
       "waits": ["8 of 12 have not got bundle 2"],
       "progress": {"all": 12, "lagging": 8, "laggards": [
         {"kind": "subscriber", "name": "spiffe://example.org/web|pod-1", "has": "bundle 1",
          "since": "2026-11-23T11:58:31Z", "problem": "bad\\u001b[31m root"},
         {"kind": "client", "name": "spiffe://example.org/db|#0a", "has": "bundle 1",
          "since": "2026-11-22T12:00:00Z"}]},
       "deadline": "2026-11-23T12:08:30Z",
       "alarms": ["web|pod-1 has refused bundle 2"], "approval": true,
       "history": [
         {"number": 3, "at": "2026-11-23T11:58:30Z", "by": "signet", "reason": "root is made",
          "state": {"phase": "published", "bundle": 2}},
         {"number": 2, "at": "2026-11-23T11:58:00Z", "by": "admin-token", "reason": "yearly",
          "state": {"phase": "prepared", "bundle": 1}}]}
      """;

  static ObjectNode json(String text) {
    try {
      return (ObjectNode) new ObjectMapper().readTree(text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static RotationReport report(String text) {
    return new RotationReport(json(text));
  }

  @Test
  void table_steady_shortest() {
    assertThat(report(STEADY).table())
        .isEqualTo(
            """
            phase       steady since 2026-11-23T11:00:00Z (1h)
            signs       generation 1 (root-1)
            bundle      1, of generation 1
            next start  2027-05-23T12:00:00Z\
            """);
  }

  @Test
  void table_published_allOfIt() {
    assertThat(report(PUBLISHED).table())
        .isEqualTo(
            """
            phase      published since 2026-11-23T11:58:30Z (1m30s), compromised
            signs      generation 1 (root-1)
            next       generation 2 (root-2)
            bundle     2, of generation 1 and 2
            progress   [##########--------------------]  4 of 12 are there
            waits for  8 of 12 have not got bundle 2
            approval   is needed: signet rotation approve
            deadline   2026-11-23T12:08:30Z (in 8m30s)
            ALARM      web|pod-1 has refused bundle 2

            LAGGARD     NAME                            HAS       SINCE                 PROBLEM
            subscriber  spiffe://example.org/web|pod-1  bundle 1  2026-11-23T11:58:31Z  bad?[31m root
            client      spiffe://example.org/db|#0a     bundle 1  2026-11-22T12:00:00Z  -
            and 6 more

            STEP  AT                    BY           PHASE      BUNDLE  REASON
            3     2026-11-23T11:58:30Z  signet       published  2       root is made
            2     2026-11-23T11:58:00Z  admin-token  prepared   1       yearly\
            """);
  }

  @Test
  void frame_published_whatAPersonLooksFor() {
    assertThat(String.join("\n", report(PUBLISHED).frame()))
        .isEqualTo(
            """
            steady > prepared > [PUBLISHED] > activated > retiring, compromised
            [##########--------------------]  4 of 12 are there  for 1m30s, deadline in 8m30s
            waits for  8 of 12 have not got bundle 2
            waits for  a person: signet rotation approve
            ALARM      web|pod-1 has refused bundle 2
              subscriber spiffe://example.org/web|pod-1 has bundle 1 for 1m29s: bad?[31m root
              client spiffe://example.org/db|#0a has bundle 1 for 1d
              and 6 more\
            """);
  }

  @Test
  void frame_thousandsLag_fewLines() {
    ObjectNode status = json(PUBLISHED);
    var laggards =
        status
            .withObject("/progress")
            .put("all", 10_000)
            .put("lagging", 9000)
            .withArray("laggards");
    for (int i = 0; i < 100; i++) {
      laggards.add(laggards.get(0));
    }

    assertThat(new RotationReport(status).frame()).hasSize(11).contains("  and 8995 more");
  }

  @Test
  void frame_deadlinePassed_saysSo() {
    ObjectNode status = json(PUBLISHED).put("deadline", "2026-11-23T11:59:00Z");

    assertThat(new RotationReport(status).frame().get(1)).endsWith("deadline 1m ago");
  }

  @Test
  void frame_approved_waitsForNobody() {
    ObjectNode status = json(PUBLISHED).put("approved", true);

    assertThat(String.join("\n", new RotationReport(status).frame()))
        .contains(", compromised, approved")
        .doesNotContain("a person");
  }

  @Test
  void frame_steady_emptyBar() {
    assertThat(report(STEADY).frame())
        .containsExactly(
            "[STEADY] > prepared > published > activated > retiring", "generation 1 signs, for 1h");
  }

  @Test
  void everything_ofSomebodyElse_noFailure() {
    RotationReport report = report("{\"phase\": 7, \"deadline\": \"soon\", \"waits\": \"no\"}");

    assertThat(report.frame().get(1)).endsWith("for ?, deadline in ?");
    assertThat(report.table()).contains("phase", "deadline");
    assertThat(report.line()).isNotEmpty();
  }

  @Test
  void line_published_withoutTimes() {
    assertThat(report(PUBLISHED).line())
        .isEqualTo(
            "published  4 of 12 are there, compromised; waits for a person: signet rotation approve;"
                + " waits for 8 of 12 have not got bundle 2; ALARM web|pod-1 has refused bundle 2");
    assertThat(new RotationReport(json(PUBLISHED).put("at", "2026-11-23T12:00:07Z")).line())
        .isEqualTo(report(PUBLISHED).line());
  }

  @Test
  void line_steady_whoSigns() {
    assertThat(report(STEADY).line()).isEqualTo("steady  generation 1 signs");
  }
}

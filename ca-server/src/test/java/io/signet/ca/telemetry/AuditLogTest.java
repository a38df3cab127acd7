package io.signet.ca.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AuditLogTest {
  private final List<String> lines = new ArrayList<>();
  private final AtomicLong nanos = new AtomicLong();
  private final AuditLog audit = new AuditLog(lines::add, nanos::get);

  @Test
  void administered_eachMember_inOrderAndOnOneLine() {
    Map<String, String> said = new LinkedHashMap<>();
    said.put("act", "/v1/rotation/start");
    said.put("asked", "{\"reason\":\"a\n\"}");
    said.put("empty", "");
    said.put("outcome", "done");

    audit.administered(said);

    assertThat(lines)
        .containsExactly(
            "{\"event\":\"administered\",\"act\":\"/v1/rotation/start\","
                + "\"asked\":\"{\\\"reason\\\":\\\"a\\n\\\"}\",\"outcome\":\"done\"}");
  }

  @Test
  void administered_longValue_shortened() {
    audit.administered(Map.of("asked", "x".repeat(2000)));

    assertThat(lines.getFirst()).hasSizeLessThan(1100).contains("xxx...");
  }

  @Test
  void notAdministered_manyInOneSecond_tenAndThenHowManyMore() throws Exception {
    for (int i = 0; i < 25; i++) {
      audit.notAdministered(Map.of("why", "wrong token"));
    }
    nanos.addAndGet(1_000_000_000L);
    audit.notAdministered(Map.of("why", "wrong token"));

    assertThat(lines).hasSize(11);
    assertThat(new ObjectMapper().readTree(lines.getLast()).path("more").asLong()).isEqualTo(15);
  }
}

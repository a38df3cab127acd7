package io.signet.ca.telemetry;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.signet.attestation.Evidence;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.spiffe.X509Svid;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/**
 * One line of JSON for each decision on a certificate: who asked, what came of it, and the precise
 * reason, which callers are not told (ISTIO-33). Never a token. JSON, because callers choose parts
 * of what is written here, and its strings cannot forge a second line. Safe for use by many
 * threads.
 */
public final class AuditLog {
  private static final int LONGEST = 1_000;

  private final Consumer<String> lines;

  /**
   * @param lines takes each line, without its end
   */
  public AuditLog(Consumer<String> lines) {
    this.lines = lines;
  }

  /** Writes to the logger {@code signet.audit} at level INFO. */
  public static AuditLog toLogger() {
    return new AuditLog(LoggerFactory.getLogger("signet.audit")::info);
  }

  void decided(List<Evidence> shown, IssuanceOutcome outcome) {
    switch (outcome) {
      case Issued issued -> lines.accept(issued(shown, issued));
      case Refused refused -> lines.accept(refused(shown, refused));
    }
  }

  /** A bug of ours ended it: nothing was released, and whether something was signed is unknown. */
  void failed(List<Evidence> shown, Throwable cause) {
    lines.accept(event("failed", shown).put("detail", shortened(cause.toString())).toString());
  }

  void abandoned(List<Evidence> shown, Duration limit) {
    lines.accept(event("abandoned", shown).put("limit", limit.toString()).toString());
  }

  private static String issued(List<Evidence> shown, Issued issued) {
    X509Svid svid = issued.svid();
    ObjectNode line =
        event("issued", shown)
            .put("id", svid.id().toString())
            .put("serial", svid.serial().toString())
            .put("expires", svid.expiresAt().toString())
            .put("detail", shortened(issued.detail()));
    issued.by().ifPresent(by -> line.set("by", asker(by)));
    return line.toString();
  }

  /** Who asked in the name of the workload, and so on which node. */
  private static ObjectNode asker(ServiceAccount by) {
    ObjectNode asker =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", by.id().toString())
            .put("cluster", by.cluster());
    by.pod().ifPresent(pod -> asker.put("pod", pod.name()));
    return asker;
  }

  private static String refused(List<Evidence> shown, Refused refused) {
    return event("refused", shown)
        .put("why", refused.why().name())
        .put("detail", shortened(refused.detail()))
        .toString();
  }

  private static ObjectNode event(String event, List<Evidence> shown) {
    ObjectNode line = JsonNodeFactory.instance.objectNode().put("event", event);
    ArrayNode evidence = line.putArray("shown");
    shown.forEach(each -> evidence.add(shortened(each.toString())));
    return line;
  }

  private static String shortened(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
  }
}

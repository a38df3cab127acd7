package io.signet.ca.telemetry;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.signet.attestation.Proof;
import io.signet.attestation.Proof.HeldSvid;
import io.signet.attestation.Proof.Impersonated;
import io.signet.attestation.Proof.LocalUser;
import io.signet.attestation.Proof.ServiceAccount;
import io.signet.attestation.Proof.TokenSubject;
import io.signet.ca.issuance.IssuanceOutcome;
import io.signet.ca.issuance.IssuanceOutcome.Issued;
import io.signet.ca.issuance.IssuanceOutcome.Refused;
import io.signet.ca.issuance.IssuanceOutcome.Why;
import io.signet.ca.revocation.Denial;
import io.signet.ca.revocation.Revocation;
import io.signet.ca.revocation.Revoker;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.LoggerFactory;

/**
 * One line of JSON for each decision on a certificate, and for each act of an administrator: who
 * asked, from where and by which call, what came of it, and the precise reason, which callers are
 * not told (ISTIO-33). Never a token. JSON, because callers choose parts of what is written here,
 * and its strings cannot forge a second line.
 *
 * <p>Of the requests that a limit refuses only the first few of each second have a line, with the
 * number of those that had none: a caller that asks too often is not to fill the disk. Safe for use
 * by many threads.
 */
public final class AuditLog implements Revoker.Listener {
  private static final int LONGEST = 1_000;
  private static final int LIMITED_PER_SECOND = 10;
  private static final Set<Why> BY_LIMIT =
      Set.of(Why.ADDRESS_LIMITED, Why.CALLER_LIMITED, Why.OVERLOADED);

  private final Consumer<String> lines;
  private final Throttle limited;
  private final Throttle turnedAway;

  /**
   * @param lines takes each line, without its end
   * @param nanoTime as {@link System#nanoTime}
   */
  public AuditLog(Consumer<String> lines, LongSupplier nanoTime) {
    this.lines = lines;
    this.limited = new Throttle(LIMITED_PER_SECOND, nanoTime);
    this.turnedAway = new Throttle(LIMITED_PER_SECOND, nanoTime);
  }

  /**
   * Writes to the logger {@code signet.audit} at level INFO.
   *
   * @param nanoTime as {@link System#nanoTime}
   */
  public static AuditLog toLogger(LongSupplier nanoTime) {
    return new AuditLog(LoggerFactory.getLogger("signet.audit")::info, nanoTime);
  }

  /**
   * An administrator has done something, or was refused by what was to be done.
   *
   * @param said in this order, none of it secret
   */
  public void administered(Map<String, String> said) {
    lines.accept(administration("administered", said).toString());
  }

  /** Somebody tried who is no administrator; of many in one second the first few have a line. */
  public void notAdministered(Map<String, String> said) {
    OptionalLong heldBack = turnedAway.pass();
    if (heldBack.isPresent()) {
      ObjectNode line = administration("not-administered", said);
      lines.accept(line.put("more", heldBack.getAsLong()).toString());
    }
  }

  private static ObjectNode administration(String event, Map<String, String> said) {
    ObjectNode line = JsonNodeFactory.instance.objectNode().put("event", event);
    said.forEach((name, value) -> putUnlessEmpty(line, name, shortened(value)));
    return line;
  }

  void decided(Asker asker, IssuanceOutcome outcome) {
    switch (outcome) {
      case Issued issued -> lines.accept(issued(asker, issued).toString());
      case Refused refused -> refused(asker, refused);
    }
  }

  /** A bug of ours ended it: nothing was released, and whether something was signed is unknown. */
  void failed(Asker asker, Throwable cause) {
    lines.accept(event("failed", asker).put("detail", shortened(cause.toString())).toString());
  }

  void abandoned(Asker asker, Duration limit) {
    lines.accept(event("abandoned", asker).put("limit", limit.toString()).toString());
  }

  @Override
  public void revoked(Revocation revocation) {
    lines.accept(
        act("revoked", revocation.by())
            .put("id", revocation.id().toString())
            .put("serial", revocation.serial().toString())
            .put("reason", revocation.reason().label())
            .put("not-after", revocation.notAfter().toString())
            .toString());
  }

  @Override
  public void denied(Denial denial) {
    lines.accept(
        act("denied", denial.by())
            .put("id", denial.id().toString())
            .put("reason", denial.reason().label())
            .toString());
  }

  @Override
  public void lifted(SpiffeId id, String by) {
    lines.accept(act("lifted", by).put("id", id.toString()).toString());
  }

  private static ObjectNode act(String event, String by) {
    return JsonNodeFactory.instance.objectNode().put("event", event).put("by", shortened(by));
  }

  private static ObjectNode issued(Asker asker, Issued issued) {
    X509Certificate certificate = issued.certificate();
    Instant begin = certificate.getNotBefore().toInstant();
    Instant end = certificate.getNotAfter().toInstant();
    ObjectNode line = event("issued", asker);
    issued.caller().ifPresent(caller -> line.set("caller", caller(caller)));
    return line.put("id", issued.id().toString())
        .put("serial", SerialNumber.of(certificate).toString())
        .put("not-after", end.toString())
        .put("lifetime", Duration.between(begin, end).toString())
        .put("detail", shortened(issued.detail()));
  }

  private void refused(Asker asker, Refused refused) {
    if (!BY_LIMIT.contains(refused.why())) {
      lines.accept(refusal(asker, refused).toString());
      return;
    }
    OptionalLong heldBack = limited.pass();
    if (heldBack.isPresent()) {
      lines.accept(refusal(asker, refused).put("more", heldBack.getAsLong()).toString());
    }
  }

  private static ObjectNode refusal(Asker asker, Refused refused) {
    ObjectNode line = event("refused", asker);
    refused.caller().ifPresent(caller -> line.set("caller", caller(caller)));
    return line.put("why", refused.why().name()).put("detail", shortened(refused.detail()));
  }

  private static ObjectNode event(String event, Asker asker) {
    ObjectNode line = JsonNodeFactory.instance.objectNode().put("event", event);
    putUnlessEmpty(line, "request", asker.request());
    putUnlessEmpty(line, "from", asker.from());
    if (!asker.shown().isEmpty()) {
      ArrayNode evidence = line.putArray("shown");
      asker.shown().forEach(each -> evidence.add(shortened(each.toString())));
    }
    return line;
  }

  private static void putUnlessEmpty(ObjectNode line, String name, String value) {
    if (!value.isEmpty()) {
      line.put(name, value);
    }
  }

  private static ObjectNode caller(Proof proof) {
    ObjectNode caller = JsonNodeFactory.instance.objectNode().put("id", proof.id().toString());
    return switch (proof) {
      case ServiceAccount account -> serviceAccount(caller, account);
      case TokenSubject token ->
          caller
              .put("proof", "token")
              .put("issuer", shortened(token.issuer()))
              .put("subject", shortened(token.subject()));
      case HeldSvid svid ->
          caller.put("proof", "certificate").put("serial", svid.serial().toString());
      case Impersonated asked -> caller.put("proof", "node").set("by", caller(asked.by()));
      case LocalUser user ->
          caller
              .put("proof", "local-user")
              .put("uid", Integer.toUnsignedLong(user.uid()))
              .put("pid", user.pid());
    };
  }

  private static ObjectNode serviceAccount(ObjectNode caller, ServiceAccount account) {
    caller
        .put("proof", "service-account")
        .put("cluster", account.cluster())
        .put("namespace", account.namespace())
        .put("account", account.name());
    account.pod().ifPresent(pod -> caller.put("pod", pod.name()).put("pod-uid", pod.uid()));
    return caller;
  }

  private static String shortened(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
  }
}

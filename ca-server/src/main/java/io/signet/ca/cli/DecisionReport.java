package io.signet.ca.cli;

import io.signet.ca.authorization.Decision;
import io.signet.ca.authorization.Decision.Granted;
import io.signet.ca.authorization.Entitlement;
import io.signet.ca.authorization.Grant;
import io.signet.ca.authorization.KeyType;
import io.signet.ca.authorization.Rule;
import io.signet.ca.config.Durations;
import io.signet.spiffe.SpiffeId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is told of a decision: what it says and why, and the rule that decided.
 *
 * @param identity that the caller asked for
 */
record DecisionReport(SpiffeId caller, SpiffeId identity, Decision decision) {

  /** For people. */
  Table table() {
    var table = new Table();
    table.row("decision", verdict());
    table.row("caller", caller.toString());
    table.row("identity", identity.toString());
    granted().ifPresent(grant -> terms(grant).forEach((key, value) -> table.row(key, "" + value)));
    table.row("because", decision.reason());
    table.row("rule", decision.rule().map(Rule::name).orElse("none, so own identity only"));
    decision
        .rule()
        .ifPresent(rule -> terms(rule).forEach((key, value) -> table.row("", key + ": " + value)));
    return table;
  }

  /** The same for machines. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("decision", verdict());
    fields.put("caller", caller.toString());
    fields.put("identity", identity.toString());
    granted().ifPresent(grant -> fields.putAll(terms(grant)));
    fields.put("reason", decision.reason());
    decision.rule().ifPresent(rule -> fields.put("rule", fields(rule)));
    return fields;
  }

  private String verdict() {
    return granted().isPresent() ? "granted" : "denied";
  }

  private Optional<Grant> granted() {
    return decision instanceof Granted(Grant grant) ? Optional.of(grant) : Optional.empty();
  }

  private static Map<String, Object> terms(Grant grant) {
    Map<String, Object> terms = new LinkedHashMap<>();
    terms.put("lifetime", Durations.format(grant.lifetime()));
    terms.put("keys", names(grant.keys()));
    terms.put("dns-names", grant.hosts());
    return terms;
  }

  private static Map<String, Object> fields(Rule rule) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("position", rule.name());
    fields.putAll(terms(rule));
    return fields;
  }

  // As the configuration would have it, with the defaults written out.
  private static Map<String, Object> terms(Rule rule) {
    Entitlement gives = rule.entitlement();
    Map<String, Object> terms = new LinkedHashMap<>();
    terms.put("caller", rule.caller().toString());
    terms.put("may-hold", gives.mayHold());
    terms.put("max-lifetime", Durations.format(gives.maxLifetime()));
    terms.put("keys", names(gives.keys()));
    terms.put("dns-names", gives.hosts());
    terms.put("issuing-authority", gives.authority() ? "on" : "off");
    return terms;
  }

  private static List<String> names(List<KeyType> keys) {
    return keys.stream().map(KeyType::toString).toList();
  }
}

package io.signet.sds;

import java.util.List;

/** Who has not acknowledged a version, by what a ledger knows. */
public final class Laggards {

  private Laggards() {}

  /** The open streams that are subscribed to this name and have not got this version of it. */
  public static List<Standing> laggards(AckLedger ledger, String name, String version) {
    return ledger
        .subscribers()
        .filter(standing ->
            standing.secrets().entrySet().stream()
                .anyMatch(held -> held.getKey().equals(name) && !held.getValue().has(version)))
        .toList();
  }

  /** Whether nobody lags behind; true when nobody is subscribed to the name. */
  public static boolean everyoneHas(AckLedger ledger, String name, String version) {
    return laggards(ledger, name, version).isEmpty();
  }
}

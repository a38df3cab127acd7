package io.signet.hsm;

import io.signet.hsm.CustodianEvent.Failed;
import io.signet.hsm.CustodianEvent.Lost;
import io.signet.hsm.CustodianEvent.Recovered;
import io.signet.hsm.CustodianEvent.Signed;
import io.signet.hsm.CustodianEvent.StillLost;
import io.signet.hsm.CustodianEvent.Waited;
import java.time.Duration;

/** What a listener was told, in words, without times that a test does not make. */
public final class Told {

  private Told() {}

  /** Such as {@code lost: why}. */
  public static String of(CustodianEvent event) {
    return switch (event) {
      case Waited _ -> "waited";
      case Signed _ -> "signed";
      case Failed(CustodyException why) -> "failed: " + why.getMessage();
      case Lost(CustodyException why) -> "lost: " + why.getMessage();
      case StillLost(CustodyException why) -> "still lost: " + why.getMessage();
      case Recovered(Duration outage) -> "recovered after " + outage;
    };
  }
}

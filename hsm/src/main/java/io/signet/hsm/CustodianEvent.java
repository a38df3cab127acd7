package io.signet.hsm;

import java.time.Duration;

/** What a {@link CustodianListener} is told; nothing secret. */
public sealed interface CustodianEvent {

  /** A call's turn has come after this time, which is next to nothing while permits are free. */
  record Waited(Duration time) implements CustodianEvent {}

  /**
   * A signature was made and is right.
   *
   * @param took with the wait for its turn
   */
  record Signed(Duration took) implements CustodianEvent {}

  /** A call failed, whichever. */
  record Failed(CustodyException why) implements CustodianEvent {}

  /** The connection to the keys was lost. */
  record Lost(CustodyException why) implements CustodianEvent {}

  /** It could not be made anew. It is tried again; but a PIN not, when it was refused. */
  record StillLost(CustodyException why) implements CustodianEvent {}

  /**
   * It is there again.
   *
   * @param outage since it was lost
   */
  record Recovered(Duration outage) implements CustodianEvent {}
}

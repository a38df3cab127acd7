package io.signet.hsm;

import java.time.Duration;

/**
 * Is told when a custodian loses its connection to the keys and gets it back, which its callers may
 * not notice (KC-8). Must not block or throw; called by the thread that notices.
 */
public interface RecoveryListener {

  /** For whom it makes no difference. */
  RecoveryListener NONE =
      new RecoveryListener() {
        @Override
        public void lost(CustodyException why) {}

        @Override
        public void failed(CustodyException why) {}

        @Override
        public void recovered(Duration outage) {}
      };

  /** The connection was lost. */
  void lost(CustodyException why);

  /** It could not be made anew; it is tried again, but not when that was {@link Fault#DENIED}. */
  void failed(CustodyException why);

  /**
   * It is there again.
   *
   * @param outage since it was lost
   */
  void recovered(Duration outage);
}

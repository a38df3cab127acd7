package io.signet.hsm;

/**
 * Is told what a custodian does and what happens to it, which its callers may not notice (KC-8).
 * Must not block or throw; called by the thread that notices.
 */
@FunctionalInterface
public interface CustodianListener {

  /** For whom it makes no difference. */
  CustodianListener NONE = _ -> {};

  void happened(CustodianEvent event);
}

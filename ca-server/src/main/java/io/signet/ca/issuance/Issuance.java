package io.signet.ca.issuance;

/**
 * Turns requests into certificates. Safe for use by many threads; blocks, so never on an event
 * loop.
 */
@FunctionalInterface
public interface Issuance {

  /** Never throws for anything a caller can send. */
  IssuanceOutcome issue(IssuanceRequest request);
}

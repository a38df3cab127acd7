package io.signet.ca.authorization;

/**
 * What entitlements say to a wish for an issuing authority.
 *
 * @param reason why, and by which rule: for our log
 */
public record AuthorityDecision(boolean granted, String reason) {}

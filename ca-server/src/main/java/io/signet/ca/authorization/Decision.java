package io.signet.ca.authorization;

/** What entitlements say to a wish. */
public sealed interface Decision {

  record Granted(Grant grant) implements Decision {}

  record Denied(String reason) implements Decision {}
}

package io.signet.sds;

/** What an event makes of what a subscriber has of a secret. */
interface Change {
  Holding of(Holding holding, String version);
}

package io.signet.ca.config;

import java.time.Duration;

/**
 * The record of what was issued.
 *
 * @param retention how long an entry stays after its certificate has ended
 */
public record LedgerConfig(Duration retention) {}

package io.signet.e2e.bench;

/** How figures are printed. */
enum OutputFormat {
  TABLE,
  JSON
}

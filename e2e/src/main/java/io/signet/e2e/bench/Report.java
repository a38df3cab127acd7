package io.signet.e2e.bench;

import java.util.Map;

/** What a benchmark has measured, and where. */
interface Report {

  /** For people. */
  String table();

  /** For programs. */
  Map<String, Object> fields();
}

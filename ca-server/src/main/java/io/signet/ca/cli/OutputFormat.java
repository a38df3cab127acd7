package io.signet.ca.cli;

/** How data is printed. */
public enum OutputFormat {
  TABLE,
  JSON;

  static final String OPTION = "--output";
  static final String DESCRIPTION = "table or json (default: ${DEFAULT-VALUE})";
  static final String DEFAULT = "table";
  static final String LABEL = "table|json";
}

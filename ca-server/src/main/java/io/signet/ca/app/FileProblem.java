package io.signet.ca.app;

import io.signet.ca.cli.LocalFiles;
import java.io.IOException;

/** A file or folder that the configuration names and that cannot be used. */
final class FileProblem extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * @param key where the configuration names it
   * @param expected what it should be, for a person
   */
  FileProblem(String key, IOException cause, String expected) {
    super("%s: %s (expected: %s)".formatted(key, LocalFiles.problem(cause), expected), cause);
  }
}

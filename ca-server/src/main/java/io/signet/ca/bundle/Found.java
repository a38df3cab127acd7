package io.signet.ca.bundle;

/** What a look at a file found. */
sealed interface Found {

  /** Its whole content. */
  record Text(String text) implements Found {}

  /**
   * None that could be read.
   *
   * @param why for a person
   */
  record Nothing(String why) implements Found {}
}

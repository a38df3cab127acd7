package io.signet.ca.config;

import io.signet.ca.config.YamlNode.Mapping;
import io.signet.ca.config.YamlNode.Sequence;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Finds keys that mean nothing, so that a slip of the pen is never a silent default. */
final class KeyCheck {
  private static final int NEAR = 3;

  private final Problems problems;

  KeyCheck(Problems problems) {
    this.problems = problems;
  }

  /** Adds a problem for every key of the file that the catalogue does not have there. */
  void check(Mapping file) {
    checkSection("", "", file);
  }

  private void checkSection(String section, String path, Mapping mapping) {
    List<Key> known = Key.under(section);
    for (Map.Entry<String, YamlNode> field : mapping.fields().entrySet()) {
      String child = path.isEmpty() ? field.getKey() : path + "." + field.getKey();
      find(known, field.getKey())
          .ifPresentOrElse(
              key -> checkKey(key, child, field.getValue()),
              () -> problems.add(child, "unknown key", suggestion(known, field.getKey())));
    }
  }

  private void checkKey(Key key, String path, YamlNode value) {
    if (key.isSection()) {
      checkInside(key, path, value);
    }
  }

  private void checkInside(Key key, String path, YamlNode value) {
    if (value instanceof Mapping mapping && !key.isList()) {
      checkSection(key.path(), path, mapping);
    }
    if (value instanceof Sequence sequence && key.isList()) {
      for (int i = 0; i < sequence.entries().size(); i++) {
        if (sequence.entries().get(i) instanceof Mapping entry) {
          checkSection(key.path(), path + "[" + i + "]", entry);
        }
      }
    }
  }

  private static Optional<Key> find(List<Key> known, String word) {
    return known.stream().filter(key -> key.word().equals(word)).findFirst();
  }

  private static String suggestion(List<Key> known, String word) {
    return known.stream()
        .map(Key::word)
        .min(Comparator.comparingInt(candidate -> distance(candidate, word)))
        .filter(candidate -> distance(candidate, word) <= Math.min(NEAR, word.length() / 2))
        .orElseGet(() -> elsewhere(known, word));
  }

  private static String elsewhere(List<Key> known, String word) {
    return find(List.of(Key.values()), word)
        .map(Key::path)
        .orElseGet(
            () -> known.stream().map(Key::word).collect(Collectors.joining(", ", "one of ", "")));
  }

  /** Levenshtein's distance: single characters to insert, delete or replace. */
  static int distance(String one, String other) {
    int[] row = new int[other.length() + 1];
    Arrays.setAll(row, j -> j);
    for (int i = 1; i <= one.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= other.length(); j++) {
        int replaced = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[other.length()];
  }
}

package io.signet.ca.config;

import java.util.List;
import java.util.Map;

/** A value of the file. */
sealed interface YamlNode {
  /** What kind of value this is, for messages; says nothing of the content. */
  String kind();

  record Scalar(String text) implements YamlNode {
    @Override
    public String kind() {
      return text.isEmpty() ? "empty" : "one value";
    }
  }

  record Sequence(List<YamlNode> entries) implements YamlNode {
    static final Sequence EMPTY = new Sequence(List.of());

    @Override
    public String kind() {
      return "a list";
    }
  }

  record Mapping(Map<String, YamlNode> fields) implements YamlNode {
    static Mapping empty() {
      return new Mapping(Map.of());
    }

    @Override
    public String kind() {
      return "keys and values";
    }
  }
}

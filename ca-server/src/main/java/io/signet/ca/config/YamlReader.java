package io.signet.ca.config;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.signet.ca.config.YamlNode.Mapping;
import io.signet.ca.config.YamlNode.Scalar;
import io.signet.ca.config.YamlNode.Sequence;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/**
 * Turns YAML text into a tree and notes where each key stands. Scalars stay text, so that {@code
 * 08} and {@code 1_000} mean what they look like.
 */
final class YamlReader {
  private static final YAMLFactory YAML = new YAMLFactory();

  private final YAMLParser parser;
  private final Problems problems;

  private YamlReader(YAMLParser parser, Problems problems) {
    this.parser = parser;
    this.problems = problems;
  }

  /** The document's mapping; an empty one, and a problem, where there is none. */
  static Mapping read(String text, Problems problems) {
    try (YAMLParser parser = YAML.createParser(text)) {
      return new YamlReader(parser, problems).document();
    } catch (JsonProcessingException e) {
      problems.addAt(line(e), "file", reason(e), "YAML");
    } catch (IOException e) {
      throw new IllegalStateException("text that cannot be read", e);
    }
    return Mapping.empty();
  }

  private Mapping document() throws IOException {
    JsonToken first = parser.nextToken();
    YamlNode root = first == null ? Mapping.empty() : node("");
    if (first != null && parser.nextToken() != null) {
      problems.addAt(line(), "file", "a second document", "one document");
    }
    if (root instanceof Mapping mapping) {
      return mapping;
    }
    problems.addAt(1, "file", root.kind(), Key.Form.SECTION);
    return Mapping.empty();
  }

  private YamlNode node(String path) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> mapping(path);
      case START_ARRAY -> sequence(path);
      case VALUE_NULL -> new Scalar("");
      default -> scalar(path);
    };
  }

  private Mapping mapping(String path) throws IOException {
    Map<String, YamlNode> fields = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      String child = path.isEmpty() ? name : path + "." + name;
      int fieldLine = line();
      parser.nextToken();
      YamlNode value = node(child);
      if (fields.putIfAbsent(name, value) == null) {
        problems.stands(child, fieldLine);
      } else {
        problems.addAt(fieldLine, child, "the same key again", "each key once");
      }
    }
    return new Mapping(fields);
  }

  private Sequence sequence(String path) throws IOException {
    List<YamlNode> entries = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      String entry = path + "[" + entries.size() + "]";
      problems.stands(entry, line());
      entries.add(node(entry));
    }
    return new Sequence(entries);
  }

  private Scalar scalar(String path) throws IOException {
    if (parser.isCurrentAlias()) {
      problems.addAt(line(), path, "an alias", "the value itself");
    }
    return new Scalar(parser.getText());
  }

  private int line() {
    return parser.currentTokenLocation().getLineNr();
  }

  private static int line(JsonProcessingException e) {
    return e.getLocation() == null ? 0 : e.getLocation().getLineNr();
  }

  // The exception's own message quotes the text around the fault, which may be a secret.
  private static String reason(JsonProcessingException e) {
    return e instanceof JsonParseException && e.getCause() instanceof MarkedYAMLException marked
        ? marked.getProblem()
        : "text that is not YAML";
  }
}

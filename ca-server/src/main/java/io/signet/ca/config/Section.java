package io.signet.ca.config;

import io.signet.ca.config.FileProbe.Need;
import io.signet.ca.config.SecretPlace.AtPrompt;
import io.signet.ca.config.SecretPlace.InEnvironment;
import io.signet.ca.config.SecretPlace.InFile;
import io.signet.ca.config.YamlNode.Mapping;
import io.signet.ca.config.YamlNode.Scalar;
import io.signet.ca.config.YamlNode.Sequence;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * One section of the file while it is read. A value that is missing or malformed is empty here and
 * a problem there; {@link #complete} builds the record if there was none.
 */
final class Section {
  private static final String PROMPT = "prompt";
  private static final Pattern FROM_ENVIRONMENT = Pattern.compile("env:([A-Za-z_][A-Za-z0-9_]*)");

  /** What all sections of a file share. */
  record File(Path folder, FileProbe probe, Problems problems) {}

  private final File file;
  private final String path;
  private final Mapping mapping;
  private final int problemsBefore;

  Section(File file, String path, Mapping mapping) {
    this.file = file;
    this.path = path;
    this.mapping = mapping;
    this.problemsBefore = file.problems().count();
  }

  /** The section under this key; an empty one if there is none. */
  Section section(Key key) {
    return inside(pathOf(key), node(key).orElse(Mapping.empty()));
  }

  /** Reads each entry of a list of sections, in order; those that are malformed are left out. */
  <T> List<T> list(Key key, Function<Section, Optional<T>> reader) {
    List<T> entries = new ArrayList<>();
    List<YamlNode> nodes = entries(key);
    for (int i = 0; i < nodes.size(); i++) {
      reader.apply(inside(pathOf(key) + "[" + i + "]", nodes.get(i))).ifPresent(entries::add);
    }
    return entries;
  }

  /** Reads a list of single values. */
  List<String> texts(Key key) {
    List<String> texts = new ArrayList<>();
    for (YamlNode node : entries(key)) {
      if (node instanceof Scalar scalar && !scalar.text().isEmpty()) {
        texts.add(scalar.text());
      } else {
        refuse(key, node.kind());
      }
    }
    return texts;
  }

  /** Reads each value of a list, in order; those that are malformed are left out. */
  <T> List<T> values(Key key, Function<String, T> parser) {
    return texts(key).stream().flatMap(text -> parsed(key, text, parser).stream()).toList();
  }

  /** Reads a value, or each of a list of them; a problem if there is none. */
  <T> List<T> oneOrMore(Key key, Function<String, T> parser) {
    if (node(key).orElse(Mapping.empty()) instanceof Sequence) {
      if (isEmptyList(key)) {
        refuse(key, "none");
      }
      return values(key, parser);
    }
    return value(key, parser).stream().toList();
  }

  /** The value under this key or its default; a problem if there is neither. */
  <T> Optional<T> value(Key key, Function<String, T> parser) {
    if (!has(key) && key.standard().isEmpty()) {
      refuse(key, "missing");
      return Optional.empty();
    }
    return optional(key, parser);
  }

  /** The value under this key or its default, if there is either. */
  <T> Optional<T> optional(Key key, Function<String, T> parser) {
    Optional<YamlNode> node = node(key).or(() -> key.standard().map(Scalar::new));
    if (node.isEmpty()) {
      return Optional.empty();
    }
    if (node.get() instanceof Scalar scalar && !scalar.text().isEmpty()) {
      return parsed(key, scalar.text(), parser);
    }
    refuse(key, node.get().kind());
    return Optional.empty();
  }

  /** A path, absolute; relative ones count from the folder of the configuration file. */
  Optional<Path> file(Key key, Need need) {
    return has(key) || key.standard().isPresent() ? probed(key, need) : missing(key);
  }

  /** The same, or nothing. */
  Optional<Path> optionalFile(Key key, Need need) {
    return has(key) ? file(key, need) : Optional.empty();
  }

  /** Where a secret is: in a file, in the environment, or with a person, but never here. */
  Optional<SecretPlace> secret(Key inline, Key inFile) {
    if (has(inline) && has(inFile)) {
      refuse(inline, "a second place beside " + inFile.word(), "only one of the two");
      return Optional.empty();
    }
    if (has(inline)) {
      return elsewhere(inline, inFile);
    }
    return file(inFile, Need.PRIVATE).map(InFile::new);
  }

  /** Builds the section's record, unless something in it is already a problem. */
  <T> Optional<T> complete(Supplier<T> construction) {
    boolean clean = file.problems().count() == problemsBefore;
    return clean ? file.problems().attempt(construction) : Optional.empty();
  }

  /** Whether a list stands there, without an entry. */
  boolean isEmptyList(Key key) {
    return node(key).filter(node -> node.equals(Sequence.EMPTY)).isPresent();
  }

  boolean has(Key key) {
    return mapping.fields().containsKey(key.word());
  }

  void refuse(Key key, String found) {
    refuse(key, found, key.expected());
  }

  void refuse(Key key, String found, String expected) {
    file.problems().add(pathOf(key), found, expected);
  }

  private Section inside(String inner, YamlNode node) {
    if (node instanceof Mapping inside) {
      return new Section(file, inner, inside);
    }
    Section empty = new Section(file, inner, Mapping.empty());
    file.problems().add(inner, node.kind(), Key.Form.SECTION);
    return empty;
  }

  private List<YamlNode> entries(Key key) {
    Optional<YamlNode> node = node(key);
    if (node.isPresent() && !(node.get() instanceof Sequence)) {
      refuse(key, node.get().kind(), "a list");
    }
    return node.orElse(Mapping.empty()) instanceof Sequence list ? list.entries() : List.of();
  }

  private <T> Optional<T> parsed(Key key, String text, Function<String, T> parser) {
    try {
      return Optional.of(parser.apply(text));
    } catch (IllegalArgumentException e) {
      refuse(key, text);
    }
    return Optional.empty();
  }

  private Optional<Path> missing(Key key) {
    refuse(key, "missing");
    return Optional.empty();
  }

  private Optional<Path> probed(Key key, Need need) {
    return optional(key, this::resolve).filter(found -> passes(key, found, need));
  }

  private boolean passes(Key key, Path found, Need need) {
    Optional<String> fault = file.probe().fault(found, need);
    fault.ifPresent(what -> refuse(key, found + ", " + what));
    return fault.isEmpty();
  }

  private Path resolve(String text) {
    try {
      return file.folder().resolve(text).normalize();
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  private Optional<SecretPlace> elsewhere(Key inline, Key inFile) {
    return optional(inline, text -> text)
        .flatMap(text -> {
          if (text.equals(PROMPT)) {
            return Optional.of(new AtPrompt(pathOf(inline)));
          }
          var form = FROM_ENVIRONMENT.matcher(text);
          if (form.matches()) {
            return Optional.of(new InEnvironment(form.group(1)));
          }
          refuse(inline, "a literal secret", inline.expected() + ", or the key " + inFile.word());
          return Optional.empty();
        });
  }

  private Optional<YamlNode> node(Key key) {
    return Optional.ofNullable(mapping.fields().get(key.word()));
  }

  private String pathOf(Key key) {
    return path.isEmpty() ? key.word() : path + "." + key.word();
  }
}

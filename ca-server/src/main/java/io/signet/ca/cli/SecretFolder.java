package io.signet.ca.cli;

import io.signet.ca.cli.ReceivedSecret.Bundle;
import io.signet.ca.cli.ReceivedSecret.Identity;
import io.signet.ca.cli.ReceivedSecret.Roots;
import io.signet.ca.cli.ReceivedSecret.Tickets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Where {@code --out} puts secrets: {@code svid.pem}, {@code svid.key}, {@code bundle.pem}. All of
 * them change in one step, as Kubernetes does it: they are links through {@code ..data}, a link to
 * the folder of one state, so that nobody who opens it once finds a key beside the certificate of
 * another. Where bundles of several trust domains come, each has a file of its own, {@code
 * bundle.TRUST-DOMAIN.pem}: together in one, each would vouch for the others.
 */
final class SecretFolder {
  private static final String CURRENT = "..data";
  private static final String STATE = "..state-";

  private final Path folder;

  SecretFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * Writes the secrets beside those that were written before.
   *
   * @return whether anything is other than it was
   * @throws CommandException if there is more than one of a kind: each has one place
   */
  boolean write(Collection<ReceivedSecret> secrets) throws IOException, CommandException {
    requireOneOf(Identity.class, "certificates", secrets);
    requireOneOf(Roots.class, "bundles", secrets);
    Files.createDirectories(folder);
    Map<String, byte[]> before = current();
    Map<String, byte[]> after = new TreeMap<>(before);
    if (secrets.stream().anyMatch(Roots.class::isInstance)) {
      after.keySet().removeIf(name -> name.startsWith("bundle"));
    }
    secrets.forEach(secret -> put(secret, after));
    boolean changed = !areEqual(before, after);
    if (changed) {
      replace(after);
    }
    return linkAll(after.keySet()) || changed;
  }

  // Also those that a crash left out.
  private boolean linkAll(Set<String> names) throws IOException {
    boolean linked = false;
    for (String name : names) {
      linked |= link(folder.resolve(name), Path.of(CURRENT, name));
    }
    return linked;
  }

  private static void put(ReceivedSecret secret, Map<String, byte[]> files) {
    switch (secret) {
      case Identity identity -> {
        files.put("svid.key", identity.keyPem().toByteArray());
        files.put("svid.pem", identity.chainPem().getBytes(StandardCharsets.UTF_8));
      }
      case Roots roots -> {
        for (Bundle bundle : roots.bundles()) {
          String name =
              roots.bundles().size() == 1
                  ? "bundle.pem"
                  : "bundle." + bundle.trustDomain() + ".pem";
          files.put(name, bundle.pem().getBytes(StandardCharsets.UTF_8));
        }
      }
      case Tickets _ -> {} // for a proxy that can take them over without a restart
    }
  }

  private Map<String, byte[]> current() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    Path current = folder.resolve(CURRENT);
    if (Files.isDirectory(current)) {
      try (Stream<Path> all = Files.list(current)) {
        for (Path file : all.toList()) {
          files.put(file.getFileName().toString(), Files.readAllBytes(file));
        }
      }
    }
    return files;
  }

  private static boolean areEqual(Map<String, byte[]> one, Map<String, byte[]> other) {
    return one.keySet().equals(other.keySet())
        && one.entrySet().stream()
            .allMatch(file -> Arrays.equals(file.getValue(), other.get(file.getKey())));
  }

  private void replace(Map<String, byte[]> files) throws IOException {
    List<Path> outdated = states();
    Path state = Files.createTempDirectory(folder, STATE);
    for (var file : files.entrySet()) {
      if (file.getKey().endsWith(".key")) {
        LocalFiles.writeSecret(state.resolve(file.getKey()), file.getValue());
      } else {
        LocalFiles.write(
            state.resolve(file.getKey()), new String(file.getValue(), StandardCharsets.UTF_8));
      }
    }
    LocalFiles.letAllEnter(state);
    boolean _ = link(folder.resolve(CURRENT), state.getFileName());
    unlinkAllBut(files.keySet());
    for (Path old : outdated) {
      delete(old);
    }
  }

  private void unlinkAllBut(Set<String> names) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      for (Path link : all.filter(Files::isSymbolicLink).toList()) {
        boolean isOurs = Files.readSymbolicLink(link).startsWith(CURRENT);
        if (isOurs && !names.contains(link.getFileName().toString())) {
          Files.delete(link);
        }
      }
    }
  }

  // Also those that a crash left.
  private List<Path> states() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(path -> path.getFileName().toString().startsWith(STATE)).toList();
    }
  }

  private static boolean link(Path link, Path target) throws IOException {
    if (Files.isSymbolicLink(link) && Files.readSymbolicLink(link).equals(target)) {
      return false;
    }
    Path fresh = link.resolveSibling("." + link.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    Files.createSymbolicLink(fresh, target);
    Files.move(fresh, link, StandardCopyOption.ATOMIC_MOVE);
    return true;
  }

  private static void delete(Path state) throws IOException {
    try (Stream<Path> all = Files.list(state)) {
      for (Path file : all.toList()) {
        Files.delete(file);
      }
    } catch (NoSuchFileException gone) {
      return;
    }
    Files.delete(state);
  }

  private static void requireOneOf(
      Class<? extends ReceivedSecret> kind, String what, Collection<ReceivedSecret> secrets)
      throws CommandException {
    long count = secrets.stream().filter(kind::isInstance).count();
    if (count > 1) {
      throw new CommandException("--out: %d %s (expected: one)".formatted(count, what));
    }
  }
}

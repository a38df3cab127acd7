package io.signet.ca.config;

import io.signet.ca.config.AuthorityConfig.Root;
import io.signet.ca.config.FileProbe.Need;
import io.signet.ca.config.KeysConfig.VaultEngine;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** Reads {@code authority}. */
final class AuthorityReader {

  private static final Set<Key> OF_UPSTREAMS =
      Set.of(Key.AUTHORITY_ROOTS_FILE, Key.AUTHORITY_VAULT, Key.AUTHORITY_SIGNET);

  private enum Kind {
    OWN,
    IMPORTED,
    VAULT,
    SIGNET;

    Set<Key> keys() {
      return switch (this) {
        case OWN, IMPORTED -> Set.of();
        case VAULT -> Set.of(Key.AUTHORITY_ROOTS_FILE, Key.AUTHORITY_VAULT);
        case SIGNET -> Set.of(Key.AUTHORITY_ROOTS_FILE, Key.AUTHORITY_SIGNET);
      };
    }

    static Kind named(String text) {
      return switch (text) {
        case "own" -> OWN;
        case "imported" -> IMPORTED;
        case "vault" -> VAULT;
        case "signet" -> SIGNET;
        default -> throw new IllegalArgumentException(text);
      };
    }
  }

  private AuthorityReader() {}

  static Optional<AuthorityConfig> read(Section in) {
    Optional<Root> root = in.value(Key.AUTHORITY_ROOT, Kind::named).flatMap(kind -> root(in, kind));
    var rootLifetime = in.value(Key.AUTHORITY_ROOT_LIFETIME, Key.AUTHORITY_ROOT_LIFETIME::duration);
    var issuing =
        in.value(Key.AUTHORITY_ISSUING_LIFETIME, Key.AUTHORITY_ISSUING_LIFETIME::duration);
    return in.complete(() ->
        new AuthorityConfig(root.orElseThrow(), rootLifetime.orElseThrow(), issuing.orElseThrow()));
  }

  private static Optional<Root> root(Section in, Kind kind) {
    OF_UPSTREAMS.stream()
        .filter(key -> in.has(key) && !kind.keys().contains(key))
        .forEach(key -> in.refuse(key, "not used by this root", "the key left out"));
    return switch (kind) {
      case OWN -> Optional.of(new Root.Own());
      case IMPORTED -> Optional.of(new Root.Imported());
      case VAULT -> vault(in);
      case SIGNET -> signet(in);
    };
  }

  private static Optional<Root> vault(Section in) {
    Optional<Path> roots = roots(in);
    Section vault = in.section(Key.AUTHORITY_VAULT);
    Optional<VaultEngine> engine = VaultReader.read(vault, Key.AUTHORITY_VAULT_MOUNT);
    Optional<String> issuer = vault.optional(Key.AUTHORITY_VAULT_ISSUER, VaultReader::path);
    return in.complete(() -> new Root.InVault(engine.orElseThrow(), issuer, roots.orElseThrow()));
  }

  private static Optional<Root> signet(Section in) {
    Optional<Path> roots = roots(in);
    Section signet = in.section(Key.AUTHORITY_SIGNET);
    Optional<Address> address = signet.value(Key.AUTHORITY_SIGNET_ADDRESS, Address::parse);
    Optional<Path> token = signet.file(Key.AUTHORITY_SIGNET_TOKEN_FILE, Need.READABLE);
    Optional<String> cluster = signet.value(Key.AUTHORITY_SIGNET_CLUSTER, text -> text);
    return in.complete(() ->
        new Root.InSignet(
            address.orElseThrow(),
            token.orElseThrow(),
            cluster.orElseThrow(),
            roots.orElseThrow()));
  }

  // Without them we would trust whatever is answered.
  private static Optional<Path> roots(Section in) {
    return in.file(Key.AUTHORITY_ROOTS_FILE, Need.READABLE);
  }
}

package io.signet.ca.config;

import io.signet.attestation.TrustedUrl;
import io.signet.ca.config.FileProbe.Need;
import io.signet.ca.config.KeysConfig.VaultEngine;
import io.signet.ca.config.KeysConfig.VaultLogin;
import java.net.URI;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads {@code keys.vault} and {@code authority.vault}, whose keys are called alike and expect the
 * same; both are read by those of the first.
 */
final class VaultReader {

  private static final Pattern PATH = Pattern.compile("\\w[\\w.-]*(/\\w[\\w.-]*)*");

  private static final Set<Key> OF_METHODS =
      EnumSet.range(Key.VAULT_MOUNT, Key.VAULT_KEY_FILE); // all of auth but the method itself

  private enum Method {
    TOKEN,
    KUBERNETES,
    APPROLE,
    CERT;

    Set<Key> keys() {
      return switch (this) {
        case TOKEN -> EnumSet.of(Key.VAULT_TOKEN_FILE);
        case KUBERNETES -> EnumSet.of(Key.VAULT_MOUNT, Key.VAULT_ROLE, Key.VAULT_TOKEN_FILE);
        case APPROLE -> EnumSet.of(Key.VAULT_MOUNT, Key.VAULT_ROLE_ID, Key.VAULT_SECRET_ID_FILE);
        case CERT ->
            EnumSet.of(Key.VAULT_MOUNT, Key.VAULT_ROLE, Key.VAULT_CERT_FILE, Key.VAULT_KEY_FILE);
      };
    }

    static Method named(String text) {
      for (Method method : values()) {
        if (method.word().equals(text)) {
          return method;
        }
      }
      throw new IllegalArgumentException(text);
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private VaultReader() {}

  /**
   * @param mount the key of the engine's mount, whose default is the section's own
   */
  static Optional<VaultEngine> read(Section in, Key mount) {
    List<URI> addresses = in.oneOrMore(Key.KEYS_VAULT_ADDRESS, VaultReader::address);
    Optional<String> engine = in.value(mount, VaultReader::path);
    Optional<String> namespace = in.optional(Key.KEYS_VAULT_NAMESPACE, VaultReader::path);
    Optional<Path> caFile = in.optionalFile(Key.KEYS_VAULT_CA_FILE, Need.READABLE);
    Optional<VaultLogin> login = login(in.section(Key.KEYS_VAULT_AUTH));
    return in.complete(() ->
        new VaultEngine(addresses, engine.orElseThrow(), namespace, caFile, login.orElseThrow()));
  }

  // The token is in every request, and all else in its path is ours to say.
  private static URI address(String text) {
    URI address = TrustedUrl.parse(text);
    if (!Set.of("", "/").contains(address.getRawPath()) || address.getRawQuery() != null) {
      throw new IllegalArgumentException(text);
    }
    return address;
  }

  static String path(String text) {
    if (!PATH.matcher(text).matches()) {
      throw new IllegalArgumentException(text);
    }
    return text;
  }

  private static Optional<VaultLogin> login(Section in) {
    return in.value(Key.VAULT_METHOD, Method::named).flatMap(method -> login(in, method));
  }

  private static Optional<VaultLogin> login(Section in, Method method) {
    OF_METHODS.stream()
        .filter(key -> in.has(key) && !method.keys().contains(key))
        .forEach(key -> in.refuse(key, "not used by method " + method.word(), "the key left out"));
    Optional<String> given = in.optional(Key.VAULT_MOUNT, VaultReader::path);
    String mount = given.orElse(method.word());
    return switch (method) {
      case TOKEN -> {
        Optional<Path> token = in.file(Key.VAULT_TOKEN_FILE, Need.PRIVATE);
        yield in.complete(() -> new VaultLogin.ByToken(token.orElseThrow()));
      }
      case KUBERNETES -> {
        Optional<String> role = in.value(Key.VAULT_ROLE, text -> text);
        // The kubelet decides who may read it.
        Optional<Path> token = in.optionalFile(Key.VAULT_TOKEN_FILE, Need.READABLE);
        yield in.complete(() -> new VaultLogin.ByKubernetes(mount, role.orElseThrow(), token));
      }
      case APPROLE -> {
        Optional<String> role = in.value(Key.VAULT_ROLE_ID, text -> text);
        Optional<Path> secret = in.file(Key.VAULT_SECRET_ID_FILE, Need.PRIVATE);
        yield in.complete(
            () -> new VaultLogin.ByAppRole(mount, role.orElseThrow(), secret.orElseThrow()));
      }
      case CERT -> {
        Optional<String> role = in.optional(Key.VAULT_ROLE, text -> text);
        Optional<Path> certificate = in.file(Key.VAULT_CERT_FILE, Need.READABLE);
        Optional<Path> key = in.file(Key.VAULT_KEY_FILE, Need.PRIVATE);
        yield in.complete(
            () -> new VaultLogin.ByCert(mount, role, certificate.orElseThrow(), key.orElseThrow()));
      }
    };
  }
}

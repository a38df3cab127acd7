package io.signet.ca.config;

import io.signet.ca.config.SecretPlace.AtPrompt;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads {@code store}. */
final class StoreReader {

  private static final Pattern URL =
      Pattern.compile("jdbc:postgresql://[^\\s/?#@]+/[^\\s/?#@&]+(\\?[^\\s#]*)?");

  private static final Pattern WITH_SECRET = Pattern.compile("(?i).*(@|[?&](ssl)?password=).*");
  private static final Pattern WITH_USER = Pattern.compile("(?i).*[?&]user=.*");

  private StoreReader() {}

  /** Empty if there is none, or a problem. */
  static Optional<StoreConfig> read(Section file) {
    if (!file.has(Key.STORE)) {
      return Optional.empty();
    }
    Section in = file.section(Key.STORE);
    Optional<String> url = in.value(Key.STORE_URL, text -> text).filter(text -> accepts(in, text));
    Optional<String> user = in.value(Key.STORE_USER, text -> text);
    Optional<SecretPlace> password = password(in);
    return in.complete(() -> new StoreConfig(url.orElseThrow(), user.orElseThrow(), password));
  }

  // What may hold a secret is not told.
  private static boolean accepts(Section in, String url) {
    if (WITH_SECRET.matcher(url).matches()) {
      in.refuse(Key.STORE_URL, "an address with a password");
      return false;
    }
    if (!URL.matcher(url).matches() || WITH_USER.matcher(url).matches()) {
      in.refuse(Key.STORE_URL, url);
      return false;
    }
    return true;
  }

  // It is read for each new connection, and nobody would be there to type it.
  private static Optional<SecretPlace> password(Section in) {
    if (!in.has(Key.STORE_PASSWORD) && !in.has(Key.STORE_PASSWORD_FILE)) {
      return Optional.empty();
    }
    Optional<SecretPlace> place = in.secret(Key.STORE_PASSWORD, Key.STORE_PASSWORD_FILE);
    if (place.filter(AtPrompt.class::isInstance).isPresent()) {
      in.refuse(Key.STORE_PASSWORD, "prompt");
    }
    return place;
  }
}

package io.signet.ca.app;

import io.signet.ca.authorization.Entitlements;
import io.signet.ca.config.ConfigException;
import io.signet.ca.config.SignetConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks whether the configuration file has other entitlements than before: rules can be given and
 * taken without a restart. A file that is bad changes nothing and is logged once.
 */
final class EntitlementsFile extends Periodic {

  private static final Logger LOG = LoggerFactory.getLogger(EntitlementsFile.class);

  private static final Duration EVERY = Duration.ofSeconds(1);
  private final Path file;
  private final Function<List<String>, Optional<String>> refusal;
  private final Consumer<Entitlements> onChange;
  private SignetConfig config;
  private Optional<String> seen = Optional.empty();
  private Optional<String> taken = Optional.empty();
  private String problem = "";

  /**
   * Begins with what was read at the start.
   *
   * @param file where that is from
   * @param refusal why names that rules give cannot be signed here, if so
   * @param onChange told of other rules, by the thread that looks
   */
  EntitlementsFile(
      SignetConfig config,
      Path file,
      Function<List<String>, Optional<String>> refusal,
      Consumer<Entitlements> onChange,
      Clock clock) {
    super(EVERY, clock);
    this.config = config;
    this.file = file;
    this.refusal = refusal;
    this.onChange = onChange;
  }

  @Override
  public void run() {
    Optional<String> now = read();
    if (now.isPresent() && now.equals(seen) && !now.equals(taken)) {
      take(now.get());
    }
    seen = now; // twice the same: nobody is in the middle of writing it
    isDone();
  }

  // Gone for a moment, while it is replaced: the next look finds it.
  private Optional<String> read() {
    try {
      return Optional.of(Files.readString(file));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private void take(String text) {
    try {
      SignetConfig next =
          SignetConfig.loadText(text, file.toAbsolutePath().normalize().resolveSibling(""));
      Optional<String> refused = refusal.apply(next.entitledHosts());
      if (refused.isPresent()) {
        tell("entitlements: " + refused.get());
        return;
      }
      take(next);
      taken = Optional.of(text);
      problem = "";
    } catch (ConfigException e) {
      tell(String.valueOf(e.getMessage()));
    }
  }

  // It is tried again, for what is wrong may be beside the file; but it is said once.
  private void tell(String why) {
    if (!why.equals(problem)) {
      problem = why;
      LOG.error("{} is bad now, and its entitlements are those of before: {}", file, why);
    }
  }

  private void take(SignetConfig next) {
    if (!next.with(config.rules()).equals(config)) {
      LOG.warn("{}: what changed beside entitlements counts after a restart", file);
    }
    if (!next.rules().equals(config.rules())) {
      SignetConfig changed = config.with(next.rules());
      onChange.accept(changed.entitlements());
      config = changed;
      LOG.info("entitlements are now those of {}: {} rules", file, config.rules().size());
    }
  }
}

package io.signet.ca.app;

import io.signet.ca.authorization.Entitlements;
import io.signet.ca.config.ConfigException;
import io.signet.ca.config.SignetConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks whether the configuration file has other entitlements than before: rules can be given and
 * taken without a restart. A file that is bad changes nothing and is logged once.
 */
final class EntitlementsFile extends Periodic {

  private static final Logger LOG = LoggerFactory.getLogger(EntitlementsFile.class);

  private static final Duration EVERY = Duration.ofSeconds(1);
  private static final byte[] UNREAD = {};

  private final Path file;
  private final Consumer<Entitlements> onChange;
  private SignetConfig config;
  private byte[] content = UNREAD;

  /**
   * Begins with what was read at the start.
   *
   * @param file where that is from
   * @param onChange told of other rules, by the thread that looks
   */
  EntitlementsFile(SignetConfig config, Path file, Consumer<Entitlements> onChange, Clock clock) {
    super(EVERY, clock);
    this.config = config;
    this.file = file;
    this.onChange = onChange;
  }

  @Override
  public void run() {
    Optional<byte[]> now = read();
    if (now.isPresent() && !Arrays.equals(now.get(), content)) {
      content = now.get();
      take();
    }
    isDone();
  }

  // Gone for a moment, while it is replaced: the next look finds it.
  private Optional<byte[]> read() {
    try {
      return Optional.of(Files.readAllBytes(file));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private void take() {
    SignetConfig next;
    try {
      next = SignetConfig.load(file);
    } catch (ConfigException e) {
      LOG.error(
          "{} is bad now, and its entitlements are those of before: {}", file, e.getMessage());
      return;
    }
    if (!next.with(config.rules()).equals(config)) {
      LOG.warn("{}: what changed beside entitlements counts after a restart", file);
    }
    if (!next.rules().equals(config.rules())) {
      config = config.with(next.rules());
      LOG.info("entitlements are now those of {}: {} rules", file, config.rules().size());
      onChange.accept(config.entitlements());
    }
  }
}

package io.signet.attestation.oidc;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of one issuer, as they were last read. Somebody reads them again when that is {@link
 * #due}; a token with a key that is not among them has them read at once, but an issuer is not
 * asked more often than every {@link #PAUSE}. While they cannot be read, the last good ones stay in
 * use for {@link #GOOD_FOR}.
 *
 * <p>Nimbus has sources of keys with such rules, too. They go by the machine's clock, bound each
 * read but not the whole, and answer an outage as if the key were unknown, which would refuse a
 * token that cannot be judged (ISTIO-32).
 *
 * <p>Safe for use by many threads.
 */
public final class IssuerKeys implements AutoCloseable {

  /** How long keys count that can no longer be read. */
  static final Duration GOOD_FOR = Duration.ofHours(4);

  /** The shortest time between two readings that tokens ask for; anybody can make up a key id. */
  static final Duration PAUSE = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(IssuerKeys.class);

  private static final Duration EVERY = Duration.ofMinutes(5);
  private static final Duration EVERY_FILE = Duration.ofSeconds(10);

  // Two documents take twice of it, which is less than a request has.
  private static final Duration DOCUMENT_LIMIT = Duration.ofSeconds(2);
  private static final Duration PATIENCE = DOCUMENT_LIMIT.multipliedBy(2);

  private final String name;
  private final KeySource source;
  private final Duration every;
  private final Duration pause;
  private final Clock clock;
  private final ReentrantLock reading = new ReentrantLock();
  private Instant lastTry = Instant.EPOCH;
  private volatile @Nullable Known known;
  private volatile Optional<String> problem = Optional.of("not read yet");

  /**
   * What was read.
   *
   * @param at when the reading began, so that it is no older than that
   */
  private record Known(String text, KeySet keys, Instant at) {}

  /**
   * @param name of the source, for people
   * @param every how often it is due
   * @param pause the shortest time between two readings that tokens ask for
   */
  IssuerKeys(String name, KeySource source, Duration every, Duration pause, Clock clock) {
    this.name = name;
    this.source = source;
    this.every = every;
    this.pause = pause;
    this.clock = clock;
  }

  /** Keys from a file, of which a change counts within 10 s. */
  public static IssuerKeys inFile(Path jwks, Clock clock) {
    return new IssuerKeys(
        jwks.toString(), () -> Files.readString(jwks), EVERY_FILE, Duration.ZERO, clock);
  }

  /**
   * Keys from this address.
   *
   * @param caFile whom to trust for TLS, as PEM; empty: whom the JDK trusts
   * @throws IOException if the CA file cannot be read; the issuer is not asked yet
   */
  public static IssuerKeys at(URI jwks, Optional<Path> caFile, Clock clock) throws IOException {
    return new IssuerKeys(
        jwks.toString(), KeysOverHttp.at(jwks, caFile, DOCUMENT_LIMIT), EVERY, PAUSE, clock);
  }

  /**
   * Keys from where the issuer's discovery document says that they are.
   *
   * @param caFile whom to trust for TLS, as PEM; empty: whom the JDK trusts
   * @throws IOException if the CA file cannot be read; the issuer is not asked yet
   * @throws IllegalArgumentException if the issuer has no address that can be trusted
   */
  public static IssuerKeys discovered(String issuer, Optional<Path> caFile, Clock clock)
      throws IOException {
    return new IssuerKeys(
        issuer, KeysOverHttp.discovered(issuer, caFile, DOCUMENT_LIMIT), EVERY, PAUSE, clock);
  }

  /** When they should be read again; the past means now. */
  public Instant due() {
    Known last = known;
    Instant now = clock.instant();
    // A clock that was set back must not put it off.
    return last == null || last.at().isAfter(now) ? now : last.at().plus(every);
  }

  /**
   * Reads them again.
   *
   * @throws IOException if that fails; those there are stay in use
   */
  public void refresh() throws IOException {
    reading.lock();
    try {
      var _ = read();
    } finally {
      reading.unlock();
    }
  }

  /** Why they could not be read the last time, if they could not. */
  public Optional<String> problem() {
    return problem;
  }

  /**
   * The keys.
   *
   * @throws IOException if there are none that are not too old, and none can be had now
   */
  KeySet current() throws IOException {
    return having(_ -> true);
  }

  /**
   * The keys with this one among them, or as they are at this moment or later. They are read now if
   * need be.
   *
   * @throws IOException if that cannot be had now
   */
  KeySet having(String id, Instant moment) throws IOException {
    return having(last -> last.keys().find(id) != null || !last.at().isBefore(moment));
  }

  private KeySet having(Predicate<Known> enough) throws IOException {
    Known last = known;
    return last != null && isGood(last) && enough.test(last) ? last.keys() : read(enough);
  }

  // Whoever waited for another's reading may have got what it needs.
  private KeySet read(Predicate<Known> enough) throws IOException {
    if (!tryLock()) {
      throw new IOException(name + ": still being read");
    }
    try {
      Known last = known;
      if (last == null || !isGood(last) || !enough.test(last)) {
        requirePause();
        last = read();
      }
      return last.keys();
    } finally {
      reading.unlock();
    }
  }

  private boolean isGood(Known last) {
    return Duration.between(last.at(), clock.instant()).compareTo(GOOD_FOR) <= 0;
  }

  private boolean tryLock() throws IOException {
    try {
      return reading.tryLock(PATIENCE.toNanos(), NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(name + ": interrupted", e);
    }
  }

  private void requirePause() throws IOException {
    Duration since = Duration.between(lastTry, clock.instant());
    if (!since.isNegative() && since.compareTo(pause) < 0) {
      throw new IOException(
          "%s: read %d s ago%s (expected: at least %d s)"
              .formatted(
                  name,
                  since.toSeconds(),
                  problem.map(why -> ", " + why).orElse(""),
                  pause.toSeconds()));
    }
  }

  private Known read() throws IOException {
    lastTry = clock.instant();
    try {
      Known next = next(source.read());
      known = next;
      problem = Optional.empty();
      return next;
    } catch (IOException e) {
      problem = Optional.of(String.valueOf(e.getMessage()));
      throw e;
    } catch (RuntimeException malformed) {
      String why = name + ": " + malformed.getMessage();
      problem = Optional.of(why);
      throw new IOException(why, malformed);
    }
  }

  private Known next(String text) {
    Known last = known;
    if (last != null && last.text().equals(text)) {
      return new Known(text, last.keys(), lastTry);
    }
    KeySet keys = KeySet.parse(text);
    LOG.info("{}: keys {}", name, keys);
    return new Known(text, keys, lastTry);
  }

  @Override
  public void close() {
    source.close();
  }
}

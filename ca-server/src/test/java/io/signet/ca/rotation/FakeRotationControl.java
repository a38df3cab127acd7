package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.RotationState.Published;
import io.signet.ca.rotation.RotationState.Steady;
import io.signet.ca.rotation.RotationState.Terms;
import io.signet.hsm.KeyLabel;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** Says what it is told to say, and keeps what it was asked to do. */
public final class FakeRotationControl implements RotationControl {
  public static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  public static final Generation FIRST = new Generation(1, new KeyLabel("root-1"));
  public static final Generation SECOND = new Generation(2, new KeyLabel("root-2"));

  /** Each act as one line. */
  public final BlockingQueue<String> acts = new LinkedBlockingQueue<>();

  public volatile RotationStatus status = steady();
  public volatile List<AuthorityStatus> authorities = List.of();

  /** Where the root is, if not here. */
  public volatile Optional<String> elsewhere = Optional.empty();

  private volatile @Nullable LedgerException storeAway;
  private volatile @Nullable RefusedException refusal;
  private volatile boolean oneAct;

  /** Nothing is going on. */
  public static RotationStatus steady() {
    return new RotationStatus(
        NOW,
        new Steady(FIRST, 1, Terms.begin(NOW.minusSeconds(60), false), Optional.empty()),
        List.of(),
        Progress.NONE,
        Optional.empty(),
        List.of(),
        false,
        Optional.of(NOW.plusSeconds(3600)),
        List.of());
  }

  /** Both roots are published, one of three lags behind, a person is to approve. */
  public static RotationStatus published() {
    var state = new Published(FIRST, SECOND, 2, Terms.begin(NOW.minusSeconds(30), true));
    var laggard =
        new Laggard(
            Laggard.Kind.SUBSCRIBER,
            "spiffe://example.org/web|pod-1",
            "bundle 1",
            NOW.minusSeconds(25),
            Optional.of("bad root"));
    return new RotationStatus(
        NOW,
        state,
        List.of("1 of 3 has not got bundle 2"),
        new Progress(3, 1, List.of(laggard)),
        Optional.of(NOW.plusSeconds(90)),
        List.of("spiffe://example.org/web|pod-1 has refused bundle 2"),
        true,
        Optional.empty(),
        List.of(new JournalEntry(3, NOW.minusSeconds(30), "signet", "prepared", state)));
  }

  public void storeIsAway() {
    storeAway = new LedgerException("jdbc:postgresql://db/signet: no answer");
  }

  public void storeGoesAwayAfterNextAct() {
    oneAct = true;
  }

  public void refuse(String why) {
    refusal = new RefusedException(why);
  }

  @Override
  public RotationStatus status() throws RefusedException, LedgerException {
    requireStore();
    Optional<String> owner = elsewhere;
    if (owner.isPresent()) {
      throw new RefusedException(owner.get());
    }
    return status;
  }

  @Override
  public List<AuthorityStatus> authorities() throws LedgerException {
    requireStore();
    return authorities;
  }

  @Override
  public void start(String by, String reason, Optional<String> compromised)
      throws RefusedException, LedgerException {
    act("start by %s: %s, compromised %s".formatted(by, reason, compromised.orElse("none")));
  }

  @Override
  public void approve(String by) throws RefusedException, LedgerException {
    act("approve by " + by);
  }

  @Override
  public void force(String by, String reason) throws RefusedException, LedgerException {
    act("force by %s: %s".formatted(by, reason));
  }

  @Override
  public void cancel(String by, String reason) throws RefusedException, LedgerException {
    act("cancel by %s: %s".formatted(by, reason));
  }

  private void act(String what) throws RefusedException, LedgerException {
    requireStore();
    RefusedException refused = refusal;
    if (refused != null) {
      throw refused;
    }
    acts.add(what);
    if (oneAct) {
      storeIsAway();
    }
  }

  private void requireStore() throws LedgerException {
    LedgerException away = storeAway;
    if (away != null) {
      throw away;
    }
  }
}

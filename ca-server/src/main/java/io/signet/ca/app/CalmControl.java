package io.signet.ca.app;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.AuthorityStatus;
import io.signet.ca.rotation.RefusedException;
import io.signet.ca.rotation.RotationControl;
import io.signet.ca.rotation.RotationStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Answers however many ask how a rotation stands with one look a second: each look reads all live
 * certificates, and nobody has to show who they are to ask. Safe for use by many threads.
 */
final class CalmControl implements RotationControl {

  private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

  private final RotationControl control;
  private final LongSupplier nanos;
  private Optional<Seen> last = Optional.empty();

  private record Seen(RotationStatus status, long at) {}

  /**
   * @param nanos a clock that never goes back, such as {@link System#nanoTime}
   */
  CalmControl(RotationControl control, LongSupplier nanos) {
    this.control = control;
    this.nanos = nanos;
  }

  @Override
  public synchronized RotationStatus status() throws RefusedException, LedgerException {
    long now = nanos.getAsLong();
    if (last.isEmpty() || now - last.get().at() >= FRESH_NANOS) {
      last = Optional.of(new Seen(control.status(), now));
    }
    return last.get().status();
  }

  @Override
  public List<AuthorityStatus> authorities() throws LedgerException {
    return control.authorities();
  }

  @Override
  public synchronized void start(String by, String reason, Optional<String> compromised)
      throws RefusedException, LedgerException {
    last = Optional.empty(); // whoever acts sees what came of it
    control.start(by, reason, compromised);
  }

  @Override
  public synchronized void approve(String by) throws RefusedException, LedgerException {
    last = Optional.empty();
    control.approve(by);
  }

  @Override
  public synchronized void force(String by, String reason)
      throws RefusedException, LedgerException {
    last = Optional.empty();
    control.force(by, reason);
  }

  @Override
  public synchronized void cancel(String by, String reason)
      throws RefusedException, LedgerException {
    last = Optional.empty();
    control.cancel(by, reason);
  }
}

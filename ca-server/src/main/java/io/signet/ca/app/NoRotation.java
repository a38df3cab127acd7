package io.signet.ca.app;

import io.signet.ca.ledger.LedgerException;
import io.signet.ca.rotation.AuthorityStatus;
import io.signet.ca.rotation.RefusedException;
import io.signet.ca.rotation.RotationControl;
import io.signet.ca.rotation.RotationStatus;
import java.util.List;
import java.util.Optional;

/** Of a root that is elsewhere: what there is to know and to do is there. */
record NoRotation() implements RotationControl {

  private static final String ELSEWHERE =
      "the root is not ours to rotate (expected: authority.root: own)";

  @Override
  public RotationStatus status() throws LedgerException {
    throw new LedgerException(ELSEWHERE);
  }

  @Override
  public List<AuthorityStatus> authorities() {
    return List.of();
  }

  @Override
  public void start(String by, String reason, Optional<String> compromised)
      throws RefusedException {
    throw refused();
  }

  @Override
  public void approve(String by) throws RefusedException {
    throw refused();
  }

  @Override
  public void force(String by, String reason) throws RefusedException {
    throw refused();
  }

  @Override
  public void cancel(String by, String reason) throws RefusedException {
    throw refused();
  }

  private static RefusedException refused() {
    return new RefusedException(ELSEWHERE);
  }
}

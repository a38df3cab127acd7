package io.signet.ca.app;

import io.signet.ca.rotation.HolderReport;
import io.signet.ca.rotation.Holders;
import io.signet.ca.rotation.Progress;
import java.time.Instant;
import java.util.List;

final class NoHolders implements Holders {
  @Override
  public Progress lacking(long bundle, Instant now, int most) {
    return Progress.NONE;
  }

  @Override
  public Progress under(int generation, Instant now, int most) {
    return Progress.NONE;
  }

  @Override
  public void report(List<HolderReport> seen) {}
}

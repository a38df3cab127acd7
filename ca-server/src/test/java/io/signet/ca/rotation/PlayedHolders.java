package io.signet.ca.rotation;

import java.time.Instant;
import java.util.Collection;
import java.util.List;

/** Holders that a test decides on. */
final class PlayedHolders implements Holders {

  private Progress lacking = Progress.NONE;
  private Progress under = Progress.NONE;

  private Runnable onQuestion = () -> {};
  private int questions;

  /** How often they were asked about. */
  int questions() {
    return questions;
  }

  /** Each question does this before it is answered. */
  void whenAsked(Runnable deed) {
    onQuestion = deed;
  }

  private Progress answer(Progress progress) {
    questions++;
    onQuestion.run();
    return progress;
  }

  void lack(Progress progress) {
    lacking = progress;
  }

  void areUnder(Progress progress) {
    under = progress;
  }

  @Override
  public Progress lacking(long bundle, Instant now, int most) {
    return answer(lacking);
  }

  @Override
  public Progress under(int generation, Instant now, int most) {
    return answer(under);
  }

  @Override
  public void report(List<HolderReport> seen) {}

  @Override
  public List<HolderReport> reported(Collection<String> keys) {
    return List.of();
  }
}

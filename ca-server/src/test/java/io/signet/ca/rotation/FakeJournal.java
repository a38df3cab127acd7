package io.signet.ca.rotation;

import io.signet.ca.ledger.LedgerException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A journal in memory, that somebody else can write to just before us, and that can be away. */
public final class FakeJournal implements RotationJournal {

  private final List<JournalEntry> entries = new ArrayList<>();
  private Optional<JournalEntry> faster = Optional.empty();
  private boolean away;

  public FakeJournal(JournalEntry first) {
    entries.add(first);
  }

  /** Another replica appends this before the next one of ours. */
  void isBeatenBy(JournalEntry entry) {
    faster = Optional.of(entry);
  }

  /** Whether it cannot be read or written. */
  public void setAway(boolean away) {
    this.away = away;
  }

  List<String> phases() {
    return entries.stream().map(entry -> entry.state().phase()).toList();
  }

  long steps() {
    return entries.getLast().number();
  }

  RotationState state() {
    return entries.getLast().state();
  }

  @Override
  public Optional<JournalEntry> last() throws LedgerException {
    requireThere();
    return Optional.of(entries.getLast());
  }

  @Override
  public boolean append(JournalEntry entry) throws LedgerException {
    requireThere();
    faster.ifPresent(entries::add);
    faster = Optional.empty();
    if (entry.number() != entries.getLast().number() + 1) {
      return false;
    }
    return entries.add(entry);
  }

  @Override
  public List<JournalEntry> newest(int most) throws LedgerException {
    requireThere();
    return entries.reversed().stream().limit(most).toList();
  }

  @Override
  public List<Generation> generations() throws LedgerException {
    requireThere();
    return entries.stream()
        .map(JournalEntry::state)
        .flatMap(state -> Stream.concat(Stream.of(state.active()), state.other().stream()))
        .distinct()
        .sorted((one, other) -> Integer.compare(one.number(), other.number()))
        .toList();
  }

  private void requireThere() throws LedgerException {
    if (away) {
      throw new LedgerException("the store is away");
    }
  }
}

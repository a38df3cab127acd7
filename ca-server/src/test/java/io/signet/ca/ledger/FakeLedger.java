package io.signet.ca.ledger;

import io.signet.ca.ledger.LedgerEntry.Result;
import io.signet.spiffe.SerialNumber;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** A ledger in memory that keeps the contract and fails when told to, each time for one call. */
public final class FakeLedger implements IssuanceLedger {

  private static final int PRUNED_AT_ONCE = 2;

  private final Map<SerialNumber, LedgerEntry> entries = new LinkedHashMap<>();
  private final Queue<LedgerException> intendFailures = new ConcurrentLinkedQueue<>();
  private final Queue<LedgerException> issuedFailures = new ConcurrentLinkedQueue<>();
  private final Queue<LedgerException> pruneFailures = new ConcurrentLinkedQueue<>();
  private final Queue<Runnable> intended = new ConcurrentLinkedQueue<>();
  private final Set<SerialNumber> unreceived = new HashSet<>();
  private boolean closed;

  /** The next intent is not recorded. */
  public void failNextIntend(LedgerException failure) {
    intendFailures.add(failure);
  }

  /** Something happens as soon as the next intent is recorded, and before anybody knows. */
  public void afterNextIntend(Runnable event) {
    intended.add(event);
  }

  /** The next result is not recorded. */
  public void failNextIssued(LedgerException failure) {
    issuedFailures.add(failure);
  }

  /** The next entries are not forgotten. */
  public void failNextPrune(LedgerException failure) {
    pruneFailures.add(failure);
  }

  @Override
  public synchronized void intend(Intent intent) throws LedgerException {
    requireOpen();
    failIfTold(intendFailures);
    if (entries.containsKey(intent.serial())) {
      throw new SerialTakenException(intent.serial());
    }
    Receiver to = intent.receiver();
    Optional<HolderKey> holder =
        to.renewed()
            .map(entries::get)
            .map(shown -> shown.intent().receiver().holder())
            .orElse(to.holder());
    Receiver known = new Receiver(holder, Optional.empty(), to.bundle(), to.generation());
    entries.put(intent.serial(), new LedgerEntry(with(intent, known), new Result.Open()));
    @Nullable Runnable event = intended.poll();
    if (event != null) {
      event.run();
    }
  }

  private static Intent with(Intent intent, Receiver receiver) {
    return new Intent(
        intent.serial(),
        intent.id(),
        intent.profile(),
        intent.reason(),
        intent.issuerKeyId(),
        intent.tbs(),
        intent.notAfter(),
        intent.at(),
        receiver);
  }

  @Override
  public synchronized void issued(SerialNumber serial, byte[] signature) throws LedgerException {
    requireOpen();
    failIfTold(issuedFailures);
    @Nullable LedgerEntry entry = entries.get(serial);
    if (entry == null || !(entry.result() instanceof Result.Open)) {
      throw new LedgerException("no open intent for serial number " + serial);
    }
    entries.put(serial, new LedgerEntry(entry.intent(), new Result.Issued(signature.clone())));
  }

  @Override
  public synchronized void withdraw(SerialNumber serial) throws LedgerException {
    requireOpen();
    @Nullable LedgerEntry entry = entries.get(serial);
    if (entry == null || !(entry.result() instanceof Result.Open)) {
      throw new LedgerException("no open intent for serial number " + serial);
    }
    entries.put(serial, new LedgerEntry(entry.intent(), new Result.Withdrawn()));
  }

  @Override
  public synchronized void unreceived(SerialNumber serial) throws LedgerException {
    requireOpen();
    @Nullable LedgerEntry entry = entries.get(serial);
    if (entry == null || entry.signature().isEmpty() || !unreceived.add(serial)) {
      throw new LedgerException("no certificate to be received under serial number " + serial);
    }
  }

  /** Whether it reached nobody, by what was recorded. */
  public synchronized boolean isUnreceived(SerialNumber serial) {
    return unreceived.contains(serial);
  }

  @Override
  public synchronized Optional<LedgerEntry> find(SerialNumber serial) {
    return Optional.ofNullable(entries.get(serial));
  }

  @Override
  public synchronized Unfinished reconcile() throws LedgerException {
    requireOpen();
    Unfinished open = unfinished();
    entries.replaceAll((_, entry) ->
        entry.result() instanceof Result.Open
            ? new LedgerEntry(entry.intent(), new Result.Unknown())
            : entry);
    return open;
  }

  /** The intents that may still get a result. */
  public synchronized Unfinished unfinished() {
    List<SerialNumber> open =
        entries.values().stream()
            .filter(entry -> entry.result() instanceof Result.Open)
            .map(entry -> entry.intent().serial())
            .toList();
    return new Unfinished(open.size(), open.stream().findFirst());
  }

  @Override
  public synchronized long unknown(Instant at) {
    return entries.values().stream()
        .filter(entry -> entry.result() instanceof Result.Unknown)
        .filter(entry -> !entry.intent().notAfter().isBefore(at))
        .count();
  }

  @Override
  public synchronized int prune(Instant endedBefore) throws LedgerException {
    requireOpen();
    failIfTold(pruneFailures);
    List<SerialNumber> ended =
        entries.values().stream()
            .map(LedgerEntry::intent)
            .filter(intent -> intent.notAfter().isBefore(endedBefore))
            .sorted(Comparator.comparing(Intent::notAfter))
            .limit(PRUNED_AT_ONCE)
            .map(Intent::serial)
            .toList();
    ended.forEach(entries::remove);
    return ended.size();
  }

  @Override
  public synchronized Optional<String> problem() {
    return closed ? Optional.of("the ledger is closed") : Optional.empty();
  }

  /** All entries in the order of their intents. */
  public synchronized List<LedgerEntry> entries() {
    return new ArrayList<>(entries.values());
  }

  @Override
  public synchronized void close() {
    closed = true;
  }

  private void requireOpen() throws LedgerException {
    if (closed) {
      throw new LedgerException("the ledger is closed");
    }
  }

  private static void failIfTold(Queue<LedgerException> failures) throws LedgerException {
    @Nullable LedgerException failure = failures.poll();
    if (failure != null) {
      throw failure;
    }
  }
}

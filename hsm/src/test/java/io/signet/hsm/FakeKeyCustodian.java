package io.signet.hsm;

import io.signet.hsm.soft.MemoryKeyCustodian;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A custodian that signs for real and fails when told to. Each instruction holds for one call, in
 * the order given; a corrupted signature passes through {@link KeyHandle} as a device's would.
 */
public final class FakeKeyCustodian implements KeyCustodian {

  /** What happens to one signature. */
  private interface Fate {
    byte[] of(Signing signing) throws CustodyException;
  }

  private interface Signing {
    byte[] sign() throws CustodyException;
  }

  private final MemoryKeyCustodian keys = new MemoryKeyCustodian();
  private final Map<PublicKey, KeyHandle> handles = new ConcurrentHashMap<>();
  private final Queue<Fate> signatureFates = new ConcurrentLinkedQueue<>();
  private final Queue<CustodyException> generateFailures = new ConcurrentLinkedQueue<>();
  private final Queue<CustodyException> importFailures = new ConcurrentLinkedQueue<>();
  private final Queue<CustodyException> findFailures = new ConcurrentLinkedQueue<>();
  private final Queue<CustodyException> destroyFailures = new ConcurrentLinkedQueue<>();
  private volatile CustodianStatus status = CustodianStatus.IN_PROCESS;
  private final List<byte[]> signed = new CopyOnWriteArrayList<>();

  /** The next signature fails with this, and nothing is signed. */
  public void failNextSign(CustodyException failure) {
    signatureFates.add(_ -> {
      throw failure;
    });
  }

  /** One bit of the next signature is wrong (KC-1); the key is out of use from then on. */
  public void corruptNextSignature() {
    signatureFates.add(signing -> {
      byte[] signature = signing.sign();
      signature[signature.length - 1] ^= 1;
      return signature;
    });
  }

  /** The next signature waits until the gate is opened, as with a device that hangs (CT-4). */
  public Gate holdNextSign() {
    Gate gate = new Gate();
    signatureFates.add(signing -> {
      gate.pass();
      return signing.sign();
    });
    return gate;
  }

  /** The next {@link #generate} fails with this, and no key is made. */
  public void failNextGenerate(CustodyException failure) {
    generateFailures.add(failure);
  }

  /** The next {@link #importKey} fails with this, and no key is taken in. */
  public void failNextImport(CustodyException failure) {
    importFailures.add(failure);
  }

  /** The next {@code find}, by label or public key, fails with this. */
  public void failNextFind(CustodyException failure) {
    findFailures.add(failure);
  }

  /** The next {@link #destroy} fails with this, and the key stays. */
  public void failNextDestroy(CustodyException failure) {
    destroyFailures.add(failure);
  }

  /** What {@link #status} says from now on. */
  public void says(CustodianStatus now) {
    status = now;
  }

  /** How many signatures were made, corrupted ones among them. */
  public int signatures() {
    return signed.size();
  }

  /** The messages that were signed, in order. */
  public List<byte[]> signedMessages() {
    return signed.stream().map(byte[]::clone).toList();
  }

  /** Of the keys that are there. */
  public List<KeyLabel> labels() {
    return handles.values().stream().map(KeyHandle::label).toList();
  }

  @Override
  public KeyHandle generate(KeyLabel label, KeyAlgorithm algorithm) throws CustodyException {
    failIfTold(generateFailures);
    return faking(keys.generate(label, algorithm));
  }

  @Override
  public KeyHandle importKey(KeyLabel label, KeyPair key) throws CustodyException {
    failIfTold(importFailures);
    return faking(keys.importKey(label, key));
  }

  @Override
  public Optional<KeyHandle> find(KeyLabel label) throws CustodyException {
    failIfTold(findFailures);
    return keys.find(label).map(this::faking);
  }

  @Override
  public Optional<KeyHandle> find(PublicKey publicKey) throws CustodyException {
    failIfTold(findFailures);
    return keys.find(publicKey).map(this::faking);
  }

  @Override
  public void destroy(KeyHandle key) throws CustodyException {
    failIfTold(destroyFailures);
    keys.destroy(key);
    if (keys.find(key.publicKey()).isEmpty()) { // it may be imported again, with a new handle
      Object _ = handles.remove(key.publicKey());
    }
  }

  @Override
  public CustodianStatus status() {
    return status;
  }

  @Override
  public void close() {
    keys.close();
  }

  private static void failIfTold(Queue<CustodyException> failures) throws CustodyException {
    @Nullable CustodyException failure = failures.poll();
    if (failure != null) {
      throw failure;
    }
  }

  private KeyHandle faking(KeyHandle real) {
    return handles.computeIfAbsent(
        real.publicKey(),
        publicKey ->
            new KeyHandle(
                real.label(), real.algorithm(), publicKey, message -> sign(real, message)));
  }

  private byte[] sign(KeyHandle real, byte[] message) throws CustodyException {
    Fate fate = Optional.ofNullable(signatureFates.poll()).orElse(Signing::sign);
    return fate.of(() -> {
      byte[] signature = real.sign(message);
      signed.add(message.clone());
      return signature;
    });
  }

  /** Where a held signature waits. */
  public static final class Gate {

    // Long enough for any machine, short enough to end a test that forgot to open the gate.
    private static final long LONGEST_SECONDS = 30;

    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);

    private Gate() {}

    /** Waits until a signature has arrived at the gate. */
    public void awaitArrival() throws InterruptedException {
      await(arrived);
    }

    public void open() {
      open.countDown();
    }

    private void pass() throws CustodyException {
      arrived.countDown();
      try {
        await(open);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CustodyException(Fault.BUSY, "interrupted while the device hung", e);
      }
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
      if (!latch.await(LONGEST_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nobody came to the gate");
      }
    }
  }
}

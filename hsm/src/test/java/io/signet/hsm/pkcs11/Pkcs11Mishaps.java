package io.signet.hsm.pkcs11;

import io.signet.hsm.CustodianListener;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import io.signet.hsm.Mishap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What goes wrong with a token of SoftHSM, in a slot that does not say it can be removed, or in one
 * that does.
 */
public final class Pkcs11Mishaps implements AutoCloseable {

  /** Shorter than by default, for each hung call takes that long. */
  private static final Duration DEADLINE = Duration.ofSeconds(1);

  private final FaultyModule module;
  private final boolean removable;
  private final Pkcs11KeyCustodian custodian;
  private final KeyHandle key;

  /** SoftHSM ends the process when it is finalized while it signs. */
  private final ReentrantLock library = new ReentrantLock(true);

  private Pkcs11Mishaps(FaultyModule module, boolean removable) throws Exception {
    this.module = module;
    this.removable = removable;
    Pkcs11Settings settings =
        new Pkcs11Settings(
            module.library(),
            SoftHsm.RECOVERY,
            Optional.empty(),
            Pkcs11Settings.DEFAULT_PERMITS,
            Pkcs11Settings.DEFAULT_PATIENCE,
            DEADLINE);
    this.custodian = Pkcs11KeyCustodian.open(settings, SoftHsm.pin(), CustodianListener.NONE);
    this.key =
        alone(custodian.generate(new KeyLabel("removable-" + removable), KeyAlgorithm.EC_P256));
  }

  public static Pkcs11Mishaps open(boolean removable) throws Exception {
    FaultyModule module = SoftHsm.faulty();
    module.order();
    SoftHsm.removable(removable);
    return new Pkcs11Mishaps(module, removable);
  }

  private KeyHandle alone(KeyHandle one) {
    return new KeyHandle(
        one.label(),
        one.algorithm(),
        one.publicKey(),
        message -> {
          library.lock();
          try {
            return one.sign(message);
          } finally {
            library.unlock();
          }
        });
  }

  private Mishap.Step alone(Mishap.Step step) {
    return () -> {
      library.lock();
      try {
        step.run();
      } finally {
        library.unlock();
      }
    };
  }

  public List<Mishap> all() {
    return removable ? List.of(takenOut()) : inAFixedSlot();
  }

  private List<Mishap> inAFixedSlot() {
    List<Mishap> all = new ArrayList<>();
    all.add(passing("sessions closed", alone(() -> SoftHsm.closeSessions(SoftHsm.RECOVERY))));
    all.add(passing("logged out", alone(SoftHsm::logOut)));
    all.add(passing("C_Finalize", alone(SoftHsm::finish)));
    for (String code : FaultyModule.LOSSES) {
      all.add(passing("C_Sign answers " + code, () -> module.order("C_Sign " + code + " 1")));
    }
    all.add(
        passing("C_Sign hangs, deadline " + DEADLINE, () -> module.order("C_Sign hang 1"))
            .healedBy(module::order));
    return all;
  }

  private Mishap passing(String name, Mishap.Step happens) {
    return Mishap.passing("pkcs11", name, key, happens);
  }

  private Mishap takenOut() {
    return Mishap.outage(
        "pkcs11",
        "token taken out and put back",
        key,
        alone(() -> SoftHsm.takeOut(SoftHsm.RECOVERY)),
        alone(SoftHsm::putBack));
  }

  @Override
  public void close() throws Exception {
    custodian.close();
    SoftHsm.removable(false);
  }
}
